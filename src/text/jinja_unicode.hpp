// Exceptions to utf8proc's Unicode data, where CPython 3.11 says otherwise: newer characters, Other_Uppercase and the
// like, and case maps to several code points. The tables are sorted; use the functions of jinja_text.hpp.
#pragma once

#include <cstddef>
#include <iterator>

namespace forgelm::text::jinja {

struct CodePointRange {
  char32_t first, last;
};
/// In these ranges the answer is the opposite of utf8proc's.
struct Ranges {
  const CodePointRange* begin;
  std::size_t size;
};
struct CaseException {
  char32_t from;
  const char* to;  ///< UTF-8
};
struct CaseExceptions {
  const CaseException* begin;
  std::size_t size;
};

Ranges exceptions_alpha() noexcept;
Ranges exceptions_decimal() noexcept;
Ranges exceptions_digit() noexcept;
Ranges exceptions_numeric() noexcept;
Ranges exceptions_printable() noexcept;
Ranges exceptions_upper() noexcept;
Ranges exceptions_lower() noexcept;
Ranges exceptions_identifier_start() noexcept;
Ranges exceptions_identifier_part() noexcept;
CaseExceptions exceptions_to_upper() noexcept;
CaseExceptions exceptions_to_lower() noexcept;
CaseExceptions exceptions_to_title() noexcept;
CaseExceptions exceptions_to_fold() noexcept;

}  // namespace forgelm::text::jinja
