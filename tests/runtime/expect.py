"""The expectations of the test files. Each takes what was run and says what is wrong, or None."""

import json
import re
import subprocess


def shorten(text, lines=40):
    rows = text.splitlines()
    return "\n".join(rows if len(rows) <= lines else [*rows[:lines], f"... {len(rows) - lines} more lines"])


def collapsed(path):
    """[(stack, weight)] of a collapsed file."""
    rows = []
    for line in path.read_text(encoding="utf-8").splitlines():
        stack, _, weight = line.rpartition(" ")
        rows.append((stack, float(weight)))
    return rows


def heaviest(rows, count=15):
    ordered = sorted(rows, key=lambda row: -row[1])
    return "\n".join(f"  {weight:g}  {stack}" for stack, weight in ordered[:count])


def bounds(text):
    low, high = text.split("..")
    return float(low), float(high)


def stream(wanted):
    def check(text, regex):
        if bool(re.search(regex, text, re.MULTILINE)) != wanted:
            return f"expected {'' if wanted else 'no '}match of {regex}"
        return None

    return check


def share(context, value):
    name, limits, regex = value.split(" ", 2)
    rows = collapsed(context.out / name)
    total = sum(weight for _, weight in rows)
    if not total:
        return "the profile has no weight"
    low, high = bounds(limits)
    found = sum(weight for stack, weight in rows if re.search(regex, stack)) / total
    if not low <= found <= high:
        return f"the share is {found:.4f} of {total:g}; heaviest lines:\n{heaviest(rows)}"
    return None


def weight(context, value):
    name, limits, regex = value.split(" ", 2)
    rows = collapsed(context.out / name)
    low, high = bounds(limits)
    found = sum(weight for stack, weight in rows if re.search(regex, stack))
    if not low <= found <= high:
        return f"the weight is {found:g}; heaviest lines:\n{heaviest(rows)}"
    return None


def only(context, value):
    name, regex = value.split(" ", 1)
    rows = collapsed(context.out / name)
    others = [row for row in rows if not re.search(regex, row[0])]
    if not rows:
        return "the profile is empty"
    if others:
        part = sum(weight for _, weight in others) / sum(weight for _, weight in rows)
        return f"{len(others)} of {len(rows)} lines do not match, {part:.4f} of the weight:\n{heaviest(others)}"
    return None


def json_holds(context, value):
    name, expression = value.split(" ", 1)
    text = context.run.stdout if name == "-" else (context.out / name).read_text(encoding="utf-8")
    values = json.loads(text)
    scope = values if isinstance(values, dict) else {"top": values}
    functions = {"abs": abs, "all": all, "any": any, "len": len, "max": max, "min": min, "set": set, "sum": sum}
    if not eval(expression, {"__builtins__": functions, **scope}):  # the expression is a line of our own test file
        used = {key: scope[key] for key in re.findall(r"[A-Za-z_]\w*", expression) if key in scope}
        return f"does not hold: {json.dumps(used, indent=1)}"
    return None


def file_matches(context, value):
    name, regex = value.split(" ", 1)
    text = (context.out / name).read_text(encoding="utf-8", errors="replace")
    if not re.search(regex, text, re.MULTILINE):
        return f"no match in:\n{shorten(text)}"
    return None


def no_file(context, value):
    found = list(context.out.glob(value))
    return f"there is {', '.join(map(str, found))}" if found else None


def shell(context, value):
    done = subprocess.run(
        value, shell=True, cwd=context.out, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    return f"status {done.returncode}:\n{shorten(done.stdout)}" if done.returncode else None


def target_out(context, value):
    if context.targets[0].wait_for(value, context.target_seen) is None:
        return f"the target ended with status {context.targets[0].process.returncode} and printed no such line"
    return None


def target_exit(context, value):
    status = context.targets[0].process.wait()
    return f"the target ended with status {status}" if status != int(value) else None


def exit_status(context, value):
    return f"exit status {context.run.status}" if context.run.status != int(value) else None


EXPECTATIONS = {
    "EXIT": exit_status,
    "STDOUT": lambda context, value: stream(True)(context.run.stdout, value),
    "STDERR": lambda context, value: stream(True)(context.run.stderr, value),
    "NO_STDOUT": lambda context, value: stream(False)(context.run.stdout, value),
    "NO_STDERR": lambda context, value: stream(False)(context.run.stderr, value),
    "FILE": file_matches,
    "NO_FILE": no_file,
    "SHARE": share,
    "WEIGHT": weight,
    "ONLY": only,
    "JSON": json_holds,
    "SH": shell,
    "TARGET_OUT": target_out,
    "TARGET_EXIT": target_exit,
}


def problem(context, key, value):
    """What is wrong with one expectation, in words, or None. A file that is missing or unreadable is wrong too."""
    try:
        return EXPECTATIONS[key](context, value)
    except (OSError, ValueError, NameError, TypeError, LookupError, SyntaxError) as error:
        return f"{type(error).__name__}: {error}"
