"""tap-gsheets: the worksheets of Google spreadsheets, a typed stream each."""
