// XML as events, by expat. A document type with declarations of its own is refused before any entity could be expanded,
// and elements nest only so deep. Namespaces are resolved.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "forgelm/core/result.hpp"

namespace forgelm::ingest {

struct XmlName {
  std::string_view space;  ///< the namespace; empty when there is none
  std::string_view local;
};

/// Attributes of an element by their names without namespace; the first of a name counts.
class XmlAttributes {
 public:
  explicit XmlAttributes(const char* const* list) : list_(list) {}
  /// The value, or "".
  std::string_view get(std::string_view local) const noexcept;

 private:
  const char* const* list_;  ///< name, value, ..., nullptr
};

class XmlHandler {
 public:
  virtual ~XmlHandler() = default;
  virtual void start(XmlName name, const XmlAttributes& attributes) = 0;
  virtual void end(XmlName name) = 0;
  /// A piece of text; one text may come in several pieces.
  virtual void characters(std::string_view text) = 0;
};

/// Reads a whole document. A failure names the line, or the limit. What the handler throws comes out.
Result<bool> read_xml(std::string_view bytes, XmlHandler& handler);

}  // namespace forgelm::ingest
