// datetime.strftime of a naive local time in the C locale, each directive by itself so that its size is bounded.
#include <ctime>

#include "forgelm/core/text.hpp"
#include "jinja_builtins.hpp"

namespace forgelm::text::jinja {

std::string strftime(std::string_view format, std::int64_t time) {
  constexpr std::string_view kDirectives = "aAbBcCdDeFgGhHIjklmMnpPrRsStTuUVwWxXyY%";
  constexpr std::string_view kFlags = "-_0^#";
  const auto seconds = static_cast<std::time_t>(time);
  std::tm parts{};
  localtime_r(&seconds, &parts);
  std::string out;
  for (std::size_t at = 0; at < format.size();) {
    if (format[at] != '%') {
      out += format[at++];
      continue;
    }
    std::size_t end = at + 1;
    if (end < format.size() && kFlags.find(format[end]) != std::string_view::npos) ++end;
    if (end >= format.size()) {
      out += format.substr(at);
      break;
    }
    const char letter = format[end++];
    // A naive time has no zone, and this one no microseconds.
    if (letter == 'f' && end == at + 2) out += "000000";
    if ((letter == 'f' || letter == 'z' || letter == 'Z') && end == at + 2) {
      at = end;
      continue;
    }
    if (kDirectives.find(letter) == std::string_view::npos) {
      out += format.substr(at, end - at);
    } else {
      char buffer[200];
      const std::string one(format.substr(at, end - at));
      out.append(buffer, std::strftime(buffer, sizeof buffer, one.c_str(), &parts));
    }
    at = end;
  }
  return out;
}

}  // namespace forgelm::text::jinja
