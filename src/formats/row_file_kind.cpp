// Which reader a file name asks for.
#include "forgelm/core/text.hpp"
#include "forgelm/formats/rows.hpp"

namespace forgelm::formats {
namespace {

struct Ending {
  std::string_view ending;
  RowFileKind kind;
};
constexpr Ending kEndings[] = {
    {".jsonl", RowFileKind::jsonl},     {".ndjson", RowFileKind::jsonl}, {".json", RowFileKind::json},
    {".csv", RowFileKind::csv},         {".tsv", RowFileKind::csv},      {".txt", RowFileKind::text},
    {".parquet", RowFileKind::parquet},
};

}  // namespace

RowReader::~RowReader() = default;

const char* to_string(RowFileKind kind) noexcept {
  static constexpr const char* kNames[] = {"jsonl", "json", "csv", "text", "parquet"};
  return kNames[static_cast<std::size_t>(kind)];
}

RowFileKind row_file_kind(const std::filesystem::path& path) {
  const std::string ending = ascii_lower(path.extension().string());
  for (const auto& entry : kEndings)
    if (ending == entry.ending) return entry.kind;
  throw ConfigError(cat(quote(path.string()), ": rows cannot be read from a file that ends in ", quote(ending)),
                    cat("known endings: ", known_row_endings()));
}

std::string known_row_endings() {
  std::vector<std::string_view> endings;
  for (const auto& entry : kEndings) endings.push_back(entry.ending);
  return join(endings, ", ");
}

}  // namespace forgelm::formats
