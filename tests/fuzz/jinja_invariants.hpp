// What must hold for any template and variables: checked by the fuzzer and, on its kept corpus, by every test run.
#pragma once

#include <string>
#include <string_view>

#include "forgelm/text/jinja.hpp"

namespace forgelm::test {

/// "" when the engine keeps its promises, else the promise broken. `bytes`: a template; after a NUL, if there is one,
/// its variables as JSON (else the messages and tools of an ordinary chat).
std::string broken_jinja_promise(std::string_view bytes, const text::JinjaLimits& limits = {});

}  // namespace forgelm::test
