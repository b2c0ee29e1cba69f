"""How transformers renders a chat template: the environment, and the two globals that it fixes for goldens.

jinja2 3.1.6, transformers 5.23.0. The compiled template comes from transformers' own function, so that whatever it sets
up (sandbox, tags, filters, tojson, namespace) is its own; only the clock is replaced.
"""
import datetime

import jinja2
from transformers.utils import chat_template_utils as ctu

NOW = datetime.datetime(2025, 1, 31, 12, 0, 0)


def compile_template(source):
    template = ctu._cached_compile_jinja_template.__wrapped__(source) if hasattr(
        ctu._cached_compile_jinja_template, "__wrapped__") else ctu._cached_compile_jinja_template(source)
    template.globals["strftime_now"] = lambda format: NOW.strftime(format)
    return template


def render(source, variables):
    """{"output", "spans"} (spans in code points), or {"error": type and text, "raised": by the template itself}."""
    try:
        template = compile_template(source)
        blocks, spans = [], []
        with template.environment.activate_tracker(blocks, spans):
            for block in template.generate(**variables):
                blocks.append(block)
        return {"output": "".join(blocks), "spans": [list(span) for span in spans]}
    except jinja2.exceptions.TemplateError as error:
        raised = type(error) is jinja2.exceptions.TemplateError
        return {"error": f"{type(error).__name__}: {error}", "raised": raised,
                "line": getattr(error, "lineno", None)}
    except (RecursionError, MemoryError) as error:
        return {"error": type(error).__name__, "raised": False, "unbounded": True}
    except Exception as error:  # what Python itself raises: TypeError, ValueError, ...
        return {"error": f"{type(error).__name__}: {error}", "raised": False}
