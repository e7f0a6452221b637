"""What drawings and the report are made of: style sheets and a script. They never change."""
