"""What the operator sees of alarmd from outside: log lines and figures. It changes nothing and knows nobody's
number."""
