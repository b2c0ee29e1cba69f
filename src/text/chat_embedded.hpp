// The texts of src/text/chat_templates/*.jinja, embedded by the build (forgelm_embed in cmake/ForgelmTargets.cmake).
#pragma once

#include <span>
#include <string_view>

namespace forgelm::text {

struct EmbeddedText {
  std::string_view name;  ///< of the file, without its extension
  std::string_view text;
};

std::span<const EmbeddedText> embedded_chat_templates();

}  // namespace forgelm::text
