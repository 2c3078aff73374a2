"""The people's door: sign-in, alarms over HTTP, the live feed, the web pages, and how the node is. It decides nothing
and stores nothing by itself: what people ask goes to the desk, what they see comes from the store."""
