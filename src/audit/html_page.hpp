// Parts of pages: text made safe, tables, plots. Plots are bars in inline SVG, in the colours of the page, so that they
// print and follow light and dark.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace forgelm::audit {

/// Any text as HTML text or attribute value; what cannot be seen or would reorder the line is shown by number.
std::string html_text(std::string_view text);

/// A row for each of `rows`, cells already HTML. Nothing for a table without rows.
std::string html_table(const std::vector<std::string>& head, const std::vector<std::vector<std::string>>& rows);

struct Bar {
  std::string label;
  std::uint64_t value = 0;
};
/// A plot with a caption; nothing when no bar has a length.
std::string html_bars(std::string_view caption, const std::vector<Bar>& bars);

/// A whole page. `title` is text, `body` HTML.
std::string html_page(std::string_view title, const std::string& body);

}  // namespace forgelm::audit
