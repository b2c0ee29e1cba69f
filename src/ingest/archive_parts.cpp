#include "archive_parts.hpp"

#include <vector>

#include "forgelm/core/error.hpp"
#include "forgelm/core/hash.hpp"
#include "forgelm/core/progress.hpp"
#include "forgelm/core/text.hpp"

namespace forgelm::ingest {
namespace {

constexpr std::uint64_t kMaxBytesRead = std::uint64_t{96} << 20;

[[noreturn]] void fail(const std::string& message) { throw RunError(RunErrorKind::data, message); }

formats::ZipReader opened(std::string_view bytes) {
  auto zip = formats::ZipReader::open(bytes);
  if (!zip) fail(zip.error().message);
  return std::move(zip).value();
}

std::string unescaped(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const auto byte = text[at] == '%' ? hex_decode(text.substr(at + 1, 2)) : std::nullopt;
    if (byte && byte->size() == 1) {
      out += *byte;
      at += 2;
    } else {
      out += text[at];
    }
  }
  return out;
}

}  // namespace

ArchiveParts::ArchiveParts(std::string_view bytes) : zip_(opened(bytes)) {}

std::string ArchiveParts::read(std::string_view name) {
  const formats::ZipEntry* const entry = zip_.find(name);
  if (entry == nullptr) fail(cat("the archive has no ", quote(name)));
  num_bytes_read_ += entry->size;
  if (num_bytes_read_ > kMaxBytesRead)
    fail(cat("its parts unpack to more than ", format_bytes(static_cast<std::int64_t>(kMaxBytesRead)), " of text"));
  auto bytes = zip_.read(*entry);
  if (!bytes) fail(bytes.error().message);
  return std::move(bytes).value();
}

void ArchiveParts::read_xml_part(std::string_view name, XmlHandler& handler) {
  const auto result = read_xml(read(name), handler);
  if (!result) fail(cat(name, ": ", result.error().message));
}

std::string resolved_part(std::string_view of, std::string_view target) {
  target = target.substr(0, target.find('#'));
  std::vector<std::string> parts;
  if (!target.starts_with('/')) {
    parts = split(of, '/');
    parts.pop_back();
  }
  for (const std::string& part : split(unescaped(target), '/')) {
    if (part == "..") {
      if (!parts.empty()) parts.pop_back();
    } else if (!part.empty() && part != ".") {
      parts.push_back(part);
    }
  }
  return join(parts, "/");
}

}  // namespace forgelm::ingest
