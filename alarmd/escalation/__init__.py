"""Who is asked, by which channel, in which order, until when. Pure; `decide` is the heart, the rest serves it."""
