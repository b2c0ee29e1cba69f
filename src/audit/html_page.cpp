#include "html_page.hpp"

#include <algorithm>

#include "forgelm/core/log.hpp"
#include "forgelm/core/text.hpp"

namespace forgelm::audit {
namespace {

constexpr std::string_view kStyle = R"(
:root { color-scheme: light dark; --ink: #1a1d21; --paper: #fff; --soft: #5b6470; --line: #d5dae0; --bar: #2f6db5; --bad: #b3261e; --good: #1d7a3c; }
@media (prefers-color-scheme: dark) { :root { --ink: #e4e7eb; --paper: #15181c; --soft: #9aa4b1; --line: #363d46; --bar: #6aa5e8; --bad: #ff8a80; --good: #7fd69b; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.5rem; max-width: 72rem; font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); }
h1 { font-size: 1.6rem; margin: 0 0 .3rem; } h2 { font-size: 1.2rem; margin: 2rem 0 .6rem; border-bottom: 1px solid var(--line); }
p.soft, td.soft { color: var(--soft); } .bad { color: var(--bad); font-weight: 600; } .good { color: var(--good); font-weight: 600; }
.scroll { overflow: auto; max-height: 34rem; } thead th { position: sticky; top: 0; background: var(--paper); } table { border-collapse: collapse; width: 100%; font-size: .9rem; }
th, td { text-align: left; vertical-align: top; padding: .25rem .6rem; border-bottom: 1px solid var(--line); overflow-wrap: anywhere; }
th { color: var(--soft); font-weight: 600; } td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; overflow-wrap: normal; }
code { font: .85em ui-monospace, monospace; overflow-wrap: anywhere; }
.plots { display: flex; flex-wrap: wrap; gap: 1.2rem; } figure { margin: 0; flex: 1 1 24rem; min-width: 0; break-inside: avoid; }
figcaption { font-weight: 600; margin-bottom: .3rem; } svg { width: 100%; max-width: 36rem; height: auto; } svg text { fill: var(--ink); font: 12px system-ui, sans-serif; }
svg .value { fill: var(--soft); } svg rect { fill: var(--bar); }
@media print { body { max-width: none; padding: 0; font-size: 11px; } h2 { break-after: avoid; } tr { break-inside: avoid; } .scroll { max-height: none; } }
)";

}  // namespace

std::string html_text(std::string_view text) {
  std::string out;
  for (const char c : escape_for_line(text)) {
    if (c == '&') out += "&amp;";
    else if (c == '<') out += "&lt;";
    else if (c == '>') out += "&gt;";
    else if (c == '"') out += "&quot;";
    else if (c == '\'') out += "&#39;";
    else out += c;
  }
  return out;
}

namespace {

bool is_number(const std::string& cell) {
  return !cell.empty() && std::all_of(cell.begin(), cell.end(),
                                      [](char c) { return is_ascii_digit(c) || c == ',' || c == '.' || c == '%'; });
}

std::string html_cell(std::string_view tag, const std::string& cell, bool is_right) {
  return cat("<", tag, is_right ? " class=\"number\">" : ">", cell, "</", tag, ">");
}

}  // namespace

std::string html_table(const std::vector<std::string>& head, const std::vector<std::vector<std::string>>& rows) {
  if (rows.empty()) return {};
  std::string out = "<div class=\"scroll\"><table><thead><tr>";
  for (std::size_t i = 0; i < head.size(); ++i) out += html_cell("th", head[i], is_number(rows[0].at(i)));
  out += "</tr></thead><tbody>\n";
  for (const auto& row : rows) {
    out += "<tr>";
    for (const std::string& cell : row) out += html_cell("td", cell, is_number(cell));
    out += "</tr>\n";
  }
  return out + "</tbody></table></div>\n";
}

std::string html_bars(std::string_view caption, const std::vector<Bar>& bars) {
  constexpr std::uint64_t kLabelWidth = 196, kBarWidth = 240, kHeight = 20, kWidth = 520;
  std::uint64_t most = 0;
  for (const Bar& bar : bars) most = std::max(most, bar.value);
  if (most == 0) return {};
  const std::string height = cat(bars.size() * kHeight + 4);
  std::string out = cat("<figure><figcaption>", html_text(caption), "</figcaption><svg viewBox=\"0 0 ", kWidth, " ",
                        height, "\" role=\"img\" aria-label=\"", html_text(caption), "\">\n");
  for (std::size_t i = 0; i < bars.size(); ++i) {
    const Bar& bar = bars[i];
    const std::uint64_t top = i * kHeight;
    const auto width = static_cast<std::uint64_t>(static_cast<double>(bar.value) / static_cast<double>(most) *
                                                  static_cast<double>(kBarWidth));
    const std::uint64_t shown = bar.value == 0 ? 0 : std::max<std::uint64_t>(1, width);
    const std::string_view label = prefix_code_points(bar.label, 26);
    out += cat("<text x=\"", kLabelWidth - 6, "\" y=\"", top + 15, "\" text-anchor=\"end\">", html_text(label),
               label.size() < bar.label.size() ? "\xE2\x80\xA6" : "", "<title>", html_text(bar.label),
               "</title></text>", "<rect x=\"", kLabelWidth, "\" y=\"", top + 4, "\" width=\"", shown, "\" height=\"",
               kHeight - 6, "\"></rect><text class=\"value\" x=\"", kLabelWidth + shown + 6, "\" y=\"", top + 15, "\">",
               grouped(static_cast<std::int64_t>(bar.value)), "</text>\n");
  }
  return out + "</svg></figure>\n";
}

std::string html_page(std::string_view title, const std::string& body) {
  return cat(
      "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>",
      html_text(title), "</title>\n<style>", kStyle, "</style></head>\n<body>\n", body, "</body></html>\n");
}

}  // namespace forgelm::audit
