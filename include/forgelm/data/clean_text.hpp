// clean_text: what data.clean_text does to a text. Lines, indentation and code fences stay.
#pragma once

#include <string>
#include <string_view>

namespace forgelm::data {

/// Whether blank lines around the text, and blanks at its end, go (a cell of its own) or stay (half of a text that is
/// joined with the other half).
enum class TextEnds { trimmed, kept };

/// 1. CRLF, CR, vertical tab and form feed become a line feed; all other control characters (C0, DEL, C1) except tab
///    go.
/// 2. Outside code fences, blanks (spaces and tabs) at the end of a line go, and a run of them within a line becomes
///    one space; a single tab stays a tab. Blanks at the start of a line are indentation and stay.
/// 3. With `trimmed`, empty lines at the start and white space at the end go.
/// A fence opens at a line of three or more backticks or tildes (after any indentation) and closes at a line of at
/// least as many of the same, or at the end of the text. Bytes that are not UTF-8 pass through. Cleaning twice changes
/// nothing. On one line of text without fences, tabs or indentation it gives what the reference's clean_string gives.
std::string clean_text(std::string_view text, TextEnds ends = TextEnds::trimmed);

}  // namespace forgelm::data
