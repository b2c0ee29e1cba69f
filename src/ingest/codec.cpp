#include "codec.hpp"

#include <iconv.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <utility>

#include "forgelm/core/error.hpp"
#include "forgelm/core/text.hpp"

namespace forgelm::ingest {
namespace {

/// Python's names, in lower case with hyphens, where the C library has another one.
constexpr std::array<std::pair<std::string_view, const char*>, 17> kNames = {{
    {"utf-8-sig", "UTF-8"},
    {"utf8", "UTF-8"},
    {"u8", "UTF-8"},
    {"latin-1", "ISO-8859-1"},
    {"latin", "ISO-8859-1"},
    {"l1", "ISO-8859-1"},
    {"latin5", "ISO-8859-9"},
    {"ascii", "US-ASCII"},
    {"utf-16-le", "UTF-16LE"},
    {"utf-16-be", "UTF-16BE"},
    {"utf-32-le", "UTF-32LE"},
    {"utf-32-be", "UTF-32BE"},
    {"big5hkscs", "BIG5-HKSCS"},
    {"euc-jis-2004", "EUC-JISX0213"},
    {"shift-jis-2004", "SHIFT_JISX0213"},
    {"shift-jis", "SHIFT_JIS"},
    {"ms-kanji", "SHIFT_JIS"},
}};

struct Close {
  void operator()(void* handle) const noexcept { ::iconv_close(handle); }
};
using Handle = std::unique_ptr<void, Close>;

Handle open_codec(const std::string& codec) {
  const iconv_t handle = ::iconv_open("UTF-8", codec.c_str());
  // NOLINTNEXTLINE(performance-no-int-to-ptr, cppcoreguidelines-pro-type-cstyle-cast): how iconv says "no"
  return handle == reinterpret_cast<iconv_t>(-1) ? nullptr : Handle(handle);
}

std::size_t unit_size(std::string_view codec) {
  if (codec.starts_with("UTF-16") || codec.starts_with("UCS-2")) return 2;
  if (codec.starts_with("UTF-32") || codec.starts_with("UCS-4")) return 4;
  return 1;
}

/// "utf-16" and "utf-32" mean the order of the byte order mark, or little endian.
std::string with_byte_order(std::string_view bytes, const std::string& codec) {
  if (codec == "UTF-16") return bytes.starts_with("\xFE\xFF") ? "UTF-16BE" : "UTF-16LE";
  if (codec == "UTF-32") return bytes.starts_with(std::string_view("\0\0\xFE\xFF", 4)) ? "UTF-32BE" : "UTF-32LE";
  return codec;
}

}  // namespace

Result<std::string> find_codec(std::string_view python_name) {
  std::string name = ascii_lower(trim(python_name));
  std::replace(name.begin(), name.end(), '_', '-');
  std::replace(name.begin(), name.end(), ' ', '-');
  const auto known = std::find_if(kNames.begin(), kNames.end(), [&](const auto& entry) { return entry.first == name; });
  std::string codec = known != kNames.end() ? known->second : ascii_upper(name);
  // "//TRANSLIT" and the like are the C library's own additions to names.
  if (name.empty() || name.find('/') != std::string::npos || !open_codec(codec))
    return Failure{cat("there is no encoding ", quote(python_name)),
                   "for example utf-8, cp1254, cp1252, latin-1, iso8859-9, shift_jis, gb18030 or utf-16"};
  return codec;
}

std::string decode_text(std::string_view bytes, const std::string& codec) {
  constexpr std::string_view kMark = "\xEF\xBB\xBF";
  const std::string ordered = with_byte_order(bytes, codec);
  std::string out;
  if (ordered == "UTF-8") {
    out = to_valid_utf8(bytes);
  } else {
    const Handle handle = open_codec(ordered);
    if (!handle) throw ConfigError(cat("there is no encoding ", quote(codec)));
    const std::size_t unit = unit_size(ordered);
    std::array<char, 16384> buffer{};
    // iconv takes the input by pointer to non-const and does not write to it.
    char* in = const_cast<char*>(bytes.data());  // NOLINT(cppcoreguidelines-pro-type-const-cast)
    std::size_t num_left = bytes.size();
    while (num_left > 0) {
      char* to = buffer.data();
      std::size_t room = buffer.size();
      const std::size_t result = ::iconv(handle.get(), &in, &num_left, &to, &room);
      const int error = result == static_cast<std::size_t>(-1) ? errno : 0;
      out.append(buffer.data(), buffer.size() - room);
      if (error != EILSEQ && error != EINVAL) continue;
      append_utf8(out, kReplacementCharacter);
      const std::size_t skipped = error == EINVAL ? num_left : std::min(unit, num_left);
      in += skipped;
      num_left -= skipped;
      ::iconv(handle.get(), nullptr, nullptr, nullptr, nullptr);
    }
    out = to_valid_utf8(out);  // UCS-4 goes beyond Unicode
  }
  while (out.starts_with(kMark)) out.erase(0, kMark.size());
  return out;
}

}  // namespace forgelm::ingest
