"""Who used what in a part of a recording, as text, JSON or a page of HTML."""
