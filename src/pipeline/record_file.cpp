#include "record_file.hpp"

#include <algorithm>
#include <string>
#include <string_view>

#include "forgelm/core/mapped_file.hpp"

namespace forgelm::pipeline {
namespace {

/// Bytes of the lines that stay.
std::uint64_t kept_bytes(std::string_view bytes, std::int64_t last_step, const RecordFile::Visit& visit) {
  std::size_t at = 0;
  while (at < bytes.size()) {
    const std::size_t end = bytes.find('\n', at);
    if (end == std::string_view::npos) break;
    const auto line = parse_json(bytes.substr(at, end - at));
    const Json* step = line ? line->find("step") : nullptr;
    if (step == nullptr || step->kind() != Json::Kind::integer || step->integer() > last_step) break;
    if (visit) visit(line.value());
    at = end + 1;
  }
  return at;
}

}  // namespace

RecordFile::RecordFile(const std::filesystem::path& path, std::int64_t last_step, const Visit& visit) : file_(path) {
  const std::uint64_t size_bytes = file_.size_bytes();
  if (size_bytes == 0) return;
  const std::uint64_t kept = kept_bytes(MappedFile::open(path).bytes(), last_step, visit);
  if (kept < size_bytes) file_.cut(kept);
}

void RecordFile::add(const Json& line) { file_.write(dump(line) + "\n"); }

}  // namespace forgelm::pipeline
