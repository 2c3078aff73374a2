"""What is said to people, by text, call and screen, in bokmål, nynorsk and English. PURE.

Values go in, sentences come out: nothing here sends, asks the time or knows a phone number. `messages/` is what the
server says, `screens/` what the web pages say; the keys of both are the same in every language.
"""
