// Named parts of a ZIP archive, as DOCX and EPUB have them: paths of parts are relative to one another, and all that is
// read of a document is bounded.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "forgelm/formats/zip.hpp"
#include "xml_events.hpp"

namespace forgelm::ingest {

class ArchiveParts {
 public:
  /// `bytes` must outlive it. RunError(data) when they are no archive that may be read.
  explicit ArchiveParts(std::string_view bytes);

  bool has(std::string_view name) const noexcept { return zip_.find(name) != nullptr; }
  /// RunError(data) when it is missing, damaged or too long.
  std::string read(std::string_view name);
  void read_xml_part(std::string_view name, XmlHandler& handler);

 private:
  formats::ZipReader zip_;
  std::uint64_t num_bytes_read_ = 0;
};

/// `target` as part `of` names it: relative to its folder, or from the root with "/"; "." and ".." resolved, never
/// above the root. Escapes ("%20") are decoded.
std::string resolved_part(std::string_view of, std::string_view target);

}  // namespace forgelm::ingest
