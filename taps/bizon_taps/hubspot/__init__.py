"""tap-hubspot: CRM objects, their associations and history, and what surrounds them."""
