"""Plain tables for a terminal."""


def table_text(header, rows) -> str:
    """Columns padded to equal width; numbers to the right, words to the left."""
    cells = [header, *[[str(cell) for cell in row] for row in rows]]
    widths = [max(len(row[i]) for row in cells) for i in range(len(header))]
    right = [
        bool(rows) and all(not isinstance(row[i], str) or _numeric(row[i]) for row in rows)
        for i in range(len(header))
    ]
    lines = []
    for row in cells:
        padded = [
            cell.rjust(width) if to_right else cell.ljust(width)
            for cell, width, to_right in zip(row, widths, right, strict=True)
        ]
        lines.append("  ".join(padded).rstrip())
    return "\n".join(lines)


def _numeric(text):
    return text[:1].isdigit() or text == "-"
