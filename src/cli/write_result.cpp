#include "write_result.hpp"

#include "forgelm/core/files.hpp"
#include "forgelm/core/text.hpp"

namespace forgelm::cli {

void write_result(const Arguments& arguments, Output& output, std::string_view text, Json document) {
  const auto file = arguments.maybe_text("output");
  if (!file) {
    output.print(text);
    output.set_document(std::move(document));
    return;
  }
  write_file_durably(*file, text);
  output.note(cat("wrote ", *file));
  output.set_document(Json::object({{"success", true}, {"output", *file}}));
}

}  // namespace forgelm::cli
