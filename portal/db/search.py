"""What people type into a search box, as a pattern for LIKE."""


def containing(text: str) -> str:
    """The pattern of everything that holds this text; %, _ and backslashes in it stand for themselves."""
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"
