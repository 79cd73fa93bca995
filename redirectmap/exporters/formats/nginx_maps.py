"""Maps of nginx that take a request apart and put an answer together."""

from __future__ import annotations

from redirectmap.exporters.tags import APART

PATH = """\
# the request's path, without its query; as sent
map $request_uri $redirectmap_path {
    default "";
    "~^(?<redirectmap_p>[^?]*)" $redirectmap_p;
}
map $request_uri $redirectmap_args {
    default "";
    "~^[^?]*\\?(?<redirectmap_a>.*)$" $redirectmap_a;
}

"""


def untagged() -> str:
    """Write the maps that set tracking parameters aside before a query is looked up."""
    return (
        "# tracking parameters, and what is left of the query\n"
        'map "&$redirectmap_args" $redirectmap_apart {\n    default "";\n'
        f'    "~*{APART}" "$3$5$7 $2$4$6$8";\n}}\n'
        'map $redirectmap_apart $redirectmap_tags {\n    default "";\n'
        '    "~^&(?<redirectmap_t>[^ ]+) " $redirectmap_t;\n}\n'
        "map $redirectmap_apart $redirectmap_untagged {\n    default $request_uri;\n"
        '    "~^&[^ ]+ &(?<redirectmap_k>.+)$" "$redirectmap_path?$redirectmap_k";\n'
        "}\n\n"
    )


def tail(stage: str, query: str) -> str:
    """Write the maps that join the request's own query, before a fragment."""
    found, own = f"$redirectmap_found_{stage}", f"$redirectmap_{query}"
    base, joined = f"$redirectmap_base_{stage}", f"$redirectmap_joined_{stage}"
    joint, rest = f"$redirectmap_joint_{stage}", f"$redirectmap_rest_{stage}"
    more = f"$redirectmap_tail_{stage}"
    return (
        f"# {own[13:]} of the request join the target\n"
        f'map {found} {base} {{\n    default "";\n'
        f'    "~^(?<redirectmap_b>[^#]*)" $redirectmap_b;\n}}\n'
        f'map {found} {rest} {{\n    default "";\n'
        f'    "~(?<redirectmap_f>#.*)$" $redirectmap_f;\n}}\n'
        f'map {base} {joint} {{\n    default "?";\n'
        '    "~\\?$" "";\n    "~\\?" "&";\n}\n'
        f'map {own} {more} {{\n    default "{joint}{own}";\n    "" "";\n}}\n'
        f'map {found} {joined} {{\n    default "{base}{more}{rest}";\n'
        '    "" "";\n}\n\n'
    )


def first(name: str, variables: list[str]) -> str:
    """Write a map that takes the first of `variables` that is not empty."""
    if not variables:
        return f'map "" $redirectmap_{name} {{ default ""; }}\n\n'
    lines, last = [], variables[-1]
    for index, variable in enumerate(variables[:-1]):
        rest = f"$redirectmap_{name}_{index + 1}"
        if index == len(variables) - 2:
            rest = last
        own = f"$redirectmap_{name}" + (f"_{index}" if index else "")
        lines.append(f'map {variable} {own} {{ default {variable}; "" {rest}; }}\n')
    if not lines:
        lines = [f"map {last} $redirectmap_{name} {{ default {last}; }}\n"]
    return "".join(lines) + "\n"
