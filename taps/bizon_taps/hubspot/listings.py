"""What surrounds the CRM: streams that are the list of one endpoint, as a table.

Each line of the table says where a list is, how its pages follow each other, and what its rows
hold. What a row holds beyond that is not lost: the schema of the stream grows when it comes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any

from bizon_singer.source.models import StreamDefinition

INCREMENTAL = "INCREMENTAL"
FULL_TABLE = "FULL_TABLE"

ACCOUNT_DETAILS = "account_details"
NUMBERED_END = "Its path is a numbered one, which HubSpot supports until September 2027."
V4_END = "Its path is one of v4, which HubSpot supports until 2027-03-30."

_TYPES: dict[str, dict[str, Any]] = {
    "": {"type": ["null", "string"]},
    "i": {"type": ["null", "integer"]},
    "n": {"type": ["null", "number"]},
    "b": {"type": ["null", "boolean"]},
    "t": {"type": ["null", "string"], "format": "date-time"},
    "o": {"type": ["null", "object"]},
    "l": {"type": ["null", "array"], "items": {}},
}


class Paging(Enum):
    """How the pages of a list follow each other."""

    CURSOR = auto()  # paging.next.after
    NONE = auto()  # one page holds all
    SINGLE = auto()  # the answer is the one row
    LISTS = auto()  # a search by POST, with offset and hasMore
    EVENTS = auto()  # hasMore and an offset that is a cursor, within two times


class Parents(Enum):
    """Whose rows a list holds, where it is asked once for each of them."""

    OBJECTS = auto()
    LISTS = auto()
    FORMS = auto()


class Archived(Enum):
    """Whether there is a second list of archived rows."""

    NONE = auto()
    ALWAYS = auto()  # they are few and referred to
    IF_WANTED = auto()  # by the setting `archived`


@dataclass(frozen=True)
class Listing:
    """A stream that is the list of an endpoint.

    Attributes:
        name: Name of the stream; of the endpoint too, unless that is given.
        keys: Key properties.
        fields: What a row holds: names with a letter for their type, none for text.
        about: What it is, with the name of its page in HubSpot's documentation.
        paging: How its pages follow each other.
        limit: Rows of a page, None where it cannot be said.
        results: Key of the rows in an answer.
        archived: Whether there are archived rows apart.
        parents: Whose rows they are, None for the account's.
        parent_field: Field that holds the id of the parent.
        params: What is asked besides.
        endpoint: Name of the endpoint.
        explode: Field of a row that holds the rows of this stream.
        replication_key: Field that tells when a row came to be, for incremental ones.
        selected_by_default: Whether a run without a catalog reads it.
        times: Fields that hold epoch milliseconds.
    """

    name: str
    keys: tuple[str, ...]
    fields: str
    about: str
    paging: Paging = Paging.CURSOR
    limit: int | None = 100
    results: str = "results"
    archived: Archived = Archived.NONE
    parents: Parents | None = None
    parent_field: str = ""
    params: dict[str, str] = field(default_factory=dict)
    endpoint: str = ""
    explode: str = ""
    replication_key: str | None = None
    selected_by_default: bool = True
    times: tuple[str, ...] = ()

    @property
    def path(self) -> str:
        """Name of the endpoint."""
        return self.endpoint or self.name

    @property
    def schema(self) -> dict[str, Any]:
        """JSON Schema of a row; keys are never null."""
        named = [word.partition(":") for word in self.fields.split()]
        properties = {name: dict(_TYPES[kind]) for name, _, kind in named}
        for key in self.keys:
            declared = [kind for kind in properties[key]["type"] if kind != "null"]
            properties[key] = {**properties[key], "type": declared}
        for name in self.times:
            properties[name] = dict(_TYPES["t"])
        return {"type": "object", "properties": properties}

    def definition(self, unavailable: str | None = None) -> StreamDefinition:
        """Return the stream."""
        return StreamDefinition(
            name=self.name,
            schema=self.schema,
            key_properties=self.keys,
            replication_key=self.replication_key,
            replication_method=INCREMENTAL if self.paging is Paging.EVENTS else FULL_TABLE,
            selected_by_default=self.selected_by_default,
            description=self.about,
            unavailable=unavailable,
        )


_STAGE = "displayOrder:i archived:b archivedAt:t createdAt:t updatedAt:t"

LISTINGS: tuple[Listing, ...] = (
    Listing(
        ACCOUNT_DETAILS,
        ("portalId",),
        "portalId:i accountType timeZone companyCurrency additionalCurrencies:l utcOffset "
        "utcOffsetMilliseconds:i uiDomain dataHostingLocation",
        "What the account says of itself: time zone, currencies, hosting. (Account information)",
        paging=Paging.SINGLE,
    ),
    Listing(
        "owners",
        ("id",),
        "id email type firstName lastName userId:i userIdIncludingInactive:i teams:l createdAt:t "
        "updatedAt:t archived:b",
        "Owners of records, archived ones too. (Owners)",
        archived=Archived.ALWAYS,
    ),
    Listing(
        "account_users",
        ("id",),
        "id email firstName lastName roleId roleIds:l primaryTeamId secondaryTeamIds:l "
        "superAdmin:b seatNames:l sendWelcomeEmail:b",
        "Users of the account with roles and teams. (User provisioning)",
    ),
    Listing(
        "user_roles",
        ("id",),
        "id name requiresBillingWrite:b",
        "Roles users may have. (User provisioning)",
        paging=Paging.NONE,
    ),
    Listing(
        "user_teams",
        ("id",),
        "id name userIds:l secondaryUserIds:l",
        "Teams of users. (User provisioning)",
        paging=Paging.NONE,
    ),
    Listing(
        "pipelines",
        ("objectType", "id"),
        f"objectType id label stages:l {_STAGE}",
        "Pipelines with their stages, of every object that has them. (Pipelines)",
        paging=Paging.NONE,
        parents=Parents.OBJECTS,
        parent_field="objectType",
    ),
    Listing(
        "pipeline_stages",
        ("objectType", "pipelineId", "id"),
        f"objectType pipelineId id label metadata:o writePermissions {_STAGE}",
        "Stages of pipelines, a row each. (Pipelines)",
        paging=Paging.NONE,
        endpoint="pipelines",
        parents=Parents.OBJECTS,
        parent_field="objectType",
        explode="stages",
    ),
    Listing(
        "property_definitions",
        ("objectType", "name"),
        "objectType name label type fieldType description groupName options:l displayOrder:i "
        "calculated:b calculationFormula externalOptions:b hasUniqueValue:b hidden:b formField:b "
        "hubspotDefined:b archived:b archivedAt:t createdAt:t updatedAt:t createdUserId "
        "updatedUserId referencedObjectType showCurrencySymbol:b currencyPropertyName "
        "dataSensitivity sensitiveDataCategories:l dateDisplayHint numberDisplayHint "
        "textDisplayHint modificationMetadata:o",
        "Definitions of the properties of every object. (Properties)",
        paging=Paging.NONE,
        endpoint="properties",
        parents=Parents.OBJECTS,
        parent_field="objectType",
    ),
    Listing(
        "custom_object_schemas",
        ("id",),
        "id objectTypeId name fullyQualifiedName description labels:o properties:l "
        "associations:l primaryDisplayProperty secondaryDisplayProperties:l requiredProperties:l "
        "searchableProperties:l allowsSensitiveProperties:b archived:b createdAt:t updatedAt:t "
        "createdByUserId:i updatedByUserId:i",
        "Schemas of custom objects. (Object schemas)",
        paging=Paging.NONE,
        endpoint="schemas",
    ),
    Listing(
        "contact_lists",
        ("listId",),
        "listId listVersion:i name objectTypeId processingType processingStatus "
        "additionalProperties:o createdAt:t createdById updatedAt:t updatedById "
        "filtersUpdatedAt:t deletedAt:t",
        "Lists, which HubSpot calls segments, of contacts and any other object. (Lists)",
        paging=Paging.LISTS,
        limit=500,
        results="lists",
        endpoint="lists",
    ),
    Listing(
        "list_memberships",
        ("listId", "recordId"),
        "listId recordId membershipTimestamp:t",
        "Which records are on which list. (Lists)",
        limit=250,
        parents=Parents.LISTS,
        parent_field="listId",
        selected_by_default=False,
    ),
    Listing(
        "forms",
        ("id",),
        "id name formType fieldGroups:l configuration:o displayOptions:o legalConsentOptions:o "
        "createdAt:t updatedAt:t archived:b archivedAt:t",
        "Forms. (Forms)",
        archived=Archived.IF_WANTED,
    ),
    Listing(
        "form_submissions",
        ("formId", "conversionId"),
        "formId conversionId submittedAt:t pageUrl values:l",
        f"Submissions of forms. {NUMBERED_END} (Form submissions)",
        limit=50,
        parents=Parents.FORMS,
        parent_field="formId",
        selected_by_default=False,
        times=("submittedAt",),
    ),
    Listing(
        "marketing_emails",
        ("id",),
        "id name subject state type subcategory isAb:b isPublished:b isTransactional:b archived:b "
        "activeDomain allEmailCampaignIds:l businessUnitId campaign campaignName campaignUtm "
        "clonedFrom content:o createdAt:t createdById deletedAt:t emailCampaignGroupId "
        "emailTemplateMode feedbackSurveyId folderId:i folderIdV2:i from:o jitterSendTime:b "
        "language previewKey primaryEmailCampaignId publishDate:t publishedAt:t publishedByEmail "
        "publishedById publishedByName rssData:o sendOnPublish:b stats:o subscriptionDetails:o "
        "teamsWithAccess:l testing:o to:o unpublishedAt:t updatedAt:t updatedById "
        "usersWithAccess:l webversion:o workflowNames:l",
        "Marketing emails with their statistics. (Marketing emails)",
        params={"includeStats": "true"},
        archived=Archived.IF_WANTED,
    ),
    Listing(
        "campaigns",
        ("id",),
        "id properties:o businessUnits:l createdAt:t updatedAt:t",
        "Marketing campaigns. (Campaigns)",
        params={
            "properties": "hs_name,hs_campaign_status,hs_start_date,hs_end_date,hs_owner,hs_notes,"
            "hs_audience,hs_currency_code,hs_utm,hs_goal,hs_budget_items_sum_amount,"
            "hs_spend_items_sum_amount,hs_color_hex,hs_object_id"
        },
    ),
    Listing(
        "marketing_events",
        ("objectId",),
        "objectId eventName eventType eventStatus eventStatusV2 eventDescription eventOrganizer "
        "eventUrl externalEventId eventCancelled:b eventCompleted:b startDateTime:t endDateTime:t "
        "registrants:i attendees:i cancellations:i noShows:i appInfo:o customProperties:l "
        "createdAt:t updatedAt:t",
        "Marketing events. (Marketing events)",
    ),
    Listing(
        "subscription_definitions",
        ("id",),
        "id name description purpose communicationMethod isActive:b isDefault:b isInternal:b "
        "businessUnitId:i subscriptionTranslations:l createdAt:t updatedAt:t",
        "Types of subscriptions to emails. (Communication preferences)",
        paging=Paging.NONE,
    ),
    Listing(
        "workflows",
        ("id",),
        "id name isEnabled:b flowType objectTypeId revisionId uuid createdAt:t updatedAt:t",
        f"Workflows. {V4_END} (Automation)",
    ),
    Listing(
        "email_events",
        ("id", "created"),
        "id created:t type recipient emailCampaignId:i emailCampaignGroupId:i appId:i appName "
        "portalId:i hmid causedBy:o sentBy:o obsoletedBy:o smtpId subject from replyTo:l cc:l "
        "bcc:l attempt:i response status category bounced:b dropReason dropMessage userAgent "
        "browser:o location:o deviceType url referer linkId:i duration:i filteredEvent:b "
        "ipAddress subscriptions:l requestedBy source portalSubscriptionStatus suppressedMessage "
        "suppressedReason",
        f"What became of emails: sent, opened, clicked, bounced. {NUMBERED_END} (Email events v1)",
        paging=Paging.EVENTS,
        limit=1000,
        results="events",
        replication_key="created",
        selected_by_default=False,
        times=("created",),
    ),
    Listing(
        "subscription_changes",
        ("timestamp", "recipient", "portalId"),
        "timestamp:t recipient portalId:i normalizedEmailId changes:l",
        f"Changes of subscriptions to emails. {NUMBERED_END} (Email events v1)",
        paging=Paging.EVENTS,
        limit=1000,
        results="timeline",
        replication_key="timestamp",
        selected_by_default=False,
        times=("timestamp",),
    ),
)
"""The streams, the account's own first."""

BY_NAME: dict[str, Listing] = {listing.name: listing for listing in LISTINGS}
