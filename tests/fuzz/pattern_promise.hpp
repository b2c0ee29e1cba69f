// What must hold for any expression that somebody gives, over any text, and for the search for personal data and
// secrets in any text.
#pragma once

#include <string>
#include <string_view>

namespace forgelm::test {

/// An expression, a NUL, and the text that it is taken out of. The broken promise, or "".
std::string broken_strip_pattern_promise(std::string_view bytes);

/// A text in which personal data and secrets are looked for, by both engines. The broken promise, or "".
std::string broken_pattern_scan_promise(std::string_view bytes);

}  // namespace forgelm::test
