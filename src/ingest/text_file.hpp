// TXT and Markdown files: bytes to text in UTF-8 with "\n" at the ends of lines; YAML front matter.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace forgelm::ingest {

/// Without an encoding UTF-8 is taken. RunError(io, data) when the file cannot be read or is too long.
std::string read_text_file(const std::filesystem::path& path, const std::optional<std::string>& codec);

/// Bytes of the block between "---" lines at the start of a text, which static sites keep titles and dates in; 0 when
/// there is none.
std::size_t front_matter_size(std::string_view text);

/// The share of U+FFFD among the characters.
double replacement_share(std::string_view text);

}  // namespace forgelm::ingest
