"""Numbers as they are shown, and what is computed within a repetition."""

import inference


def number(value, digits=3):
    """Three digits that count, without an exponent."""
    if value is None:
        return "–"
    if value == 0:
        return "0"
    text = f"{value:.{digits}g}"
    return f"{float(text):,.0f}" if "e" in text or abs(value) >= 1000 else text


def spread(values, unit=""):
    """The median with the 95 % interval of it."""
    values = [value for value in values if value is not None]
    if not values:
        return "–"
    unit = f" {unit}" if unit else ""
    if len(values) == 1:
        return number(values[0]) + unit
    low, high = inference.interval(values)
    return f"{number(inference.median(values))}{unit} ({number(low)}…{number(high)})"


def paired(first, second, how):
    """how(a, b) of the repetitions that both have."""
    return [how(a, b) for a, b in zip(first, second) if a is not None and b is not None]


def ratios(first, second):
    return paired(first, second, lambda a, b: a / b)


def differences(first, second):
    return paired(first, second, lambda a, b: a - b)
