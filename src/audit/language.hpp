// The language of a text, by CLD2.
#pragma once

#include <string>
#include <string_view>

namespace forgelm::audit {

/// An ISO 639 code ("en", "zh", "zh-Hant"), or "unknown": under 20 characters,
/// or nothing that CLD2 would name. `text` is valid UTF-8. Safe from any
/// thread.
std::string language_of(std::string_view text);

}  // namespace forgelm::audit
