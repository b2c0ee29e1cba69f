// Text and HTML show what the tokens say, not what the row said: whatever the tokenizer or the template did to it is
// seen. Trap: a preview shows data of others; control characters must not reach the terminal, nor markup the page.
#include "forgelm/data/preview.hpp"

#include <array>

#include "forgelm/core/text.hpp"

namespace forgelm::data {
namespace {

constexpr std::string_view kLearntBegin = "\xe2\x9f\xa6";  // U+27E6
constexpr std::string_view kLearntEnd = "\xe2\x9f\xa7";    // U+27E7

/// Neighbouring tokens of one sort, as one text.
struct Part {
  std::string text;
  bool is_learnt = false;
};

std::vector<Part> parts_of(const PreviewSequence& sequence) {
  std::vector<Part> parts;
  for (const PreviewToken& token : sequence.tokens) {
    if (parts.empty() || parts.back().is_learnt != token.is_learnt) parts.push_back({"", token.is_learnt});
    parts.back().text += token.text;
  }
  return parts;
}

/// Line breaks and tabs stay; what could move the cursor or reorder text is shown by its number.
std::string safe_for_terminal(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const DecodedCodePoint code_point = decode_utf8(text, at);
    const std::string_view bytes = text.substr(at, code_point.num_bytes);
    const bool is_layout = code_point.value == U'\n' || code_point.value == U'\t';
    if (code_point.is_valid && (is_layout || !is_unsafe_to_show(code_point.value))) out += bytes;
    else if (!code_point.is_valid) append_utf8(out, kReplacementCharacter);
    else out += escaped_code_point(code_point.value);
    at += code_point.num_bytes;
  }
  return out;
}

std::string escape_html(std::string_view text) {
  std::string out;
  for (const char c : to_valid_utf8(text)) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      case '\0': out += "&#xFFFD;"; break;
      default: out += c;
    }
  }
  return out;
}

std::string percent(std::size_t part, std::size_t whole) {
  return whole == 0 ? "0 %" : cat((200 * part + whole) / (2 * whole), " %");
}

std::string head_of(const PreviewRow& row) {
  std::string head = cat("row ", row.row);
  if (!row.file.empty()) head += cat("  ", row.file, row.line > 0 ? cat(":", row.line) : "");
  if (!row.format.empty()) head += cat("  ", row.format);
  if (row.is_truncated) head += "  truncated";
  return head;
}

std::string counts_of(const PreviewSequence& sequence) {
  const std::size_t num_tokens = sequence.tokens.size();
  return cat(sequence.label.empty() ? "" : cat(sequence.label, ": "), num_tokens,
             num_tokens == 1 ? " token, " : " tokens, ", sequence.num_learnt, " learnt (",
             percent(sequence.num_learnt, num_tokens), ")");
}

constexpr std::string_view kStyle =
    R"(body{font:15px/1.5 system-ui,sans-serif;margin:2em auto;max-width:60em;padding:0 1em;color:#222;background:#fff}
h1{font-size:1.3em}h2{font-size:1em;margin:2em 0 .3em}p.counts{margin:.2em 0;color:#555}
pre{white-space:pre-wrap;overflow-wrap:anywhere;background:#f6f6f4;padding:.8em;border-radius:6px;margin:.3em 0 1em}
span.t{border-right:1px solid #0002}span.l{background:#c7ebc7}span.s{color:#777}p.dropped{color:#a40000}
@media(prefers-color-scheme:dark){body{color:#ddd;background:#181818}pre{background:#222}span.l{background:#1f5a2b}
span.s{color:#999}span.t{border-right-color:#fff2}p.counts{color:#aaa}})";

}  // namespace

std::vector<PreviewToken> preview_tokens(const text::Tokenizer& tokenizer, const SequenceView& sequence) {
  std::vector<PreviewToken> tokens;
  tokens.reserve(sequence.ids.size());
  text::StreamDecoder decoder(tokenizer);
  std::vector<std::int32_t> held;  // ids whose text is still to come
  for (const std::int32_t id : sequence.ids) {
    std::string text = decoder.push(id);
    // A byte that is a whole character waits until the next token shows that it was not the start of another: its text
    // is its own, not that of the token which let it go.
    if (!held.empty() && !text.empty()) {
      const std::string waited = tokenizer.decode(held);
      if (!waited.empty() && text.starts_with(waited)) {
        tokens.back().text = waited;
        text.erase(0, waited.size());
      }
      held.clear();
    }
    if (text.empty()) held.push_back(id);
    tokens.push_back({id, std::move(text), tokenizer.is_special(id), false});
  }
  if (!tokens.empty()) tokens.back().text += decoder.finish();
  for (const TokenRange& range : sequence.learnt)
    for (std::uint32_t i = range.begin; i < range.end; ++i) tokens[i].is_learnt = true;
  return tokens;
}

std::string preview_text(const std::vector<PreviewRow>& rows, bool has_color) {
  const std::string_view green = has_color ? "\x1b[32m" : kLearntBegin;
  const std::string_view end = has_color ? "\x1b[0m" : kLearntEnd;
  const std::string_view bold = has_color ? "\x1b[1m" : "";
  const std::string_view plain = has_color ? "\x1b[0m" : "";
  std::string out;
  for (const PreviewRow& row : rows) {
    out += cat(bold, safe_for_terminal(head_of(row)), plain, "\n");
    if (!row.dropped_because.empty()) out += cat("  dropped: ", row.dropped_because, "\n");
    for (const PreviewSequence& sequence : row.sequences) {
      out += cat("  ", counts_of(sequence), "\n");
      std::string body;
      for (const Part& part : parts_of(sequence)) {
        const std::string text = safe_for_terminal(part.text);
        body += part.is_learnt ? cat(green, text, end) : text;
      }
      if (!body.ends_with('\n')) body += '\n';
      out += body;
    }
    out += '\n';
  }
  return out;
}

Json preview_json(const std::vector<PreviewRow>& rows) {
  Json out = Json::array();
  for (const PreviewRow& row : rows) {
    Json sequences = Json::array();
    for (const PreviewSequence& sequence : row.sequences) {
      Json ids = Json::array(), learnt = Json::array(), parts = Json::array();
      for (std::size_t i = 0; i < sequence.tokens.size(); ++i) {
        const PreviewToken& token = sequence.tokens[i];
        ids.push(token.id);
        if (!token.is_learnt) continue;
        const bool continues = i > 0 && sequence.tokens[i - 1].is_learnt;
        if (continues) learnt.items().back().items()[1] = Json(i + 1);
        else learnt.push(Json::array({i, i + 1}));
      }
      for (const Part& part : parts_of(sequence))
        parts.push(Json::object({{"text", part.text}, {"is_learnt", part.is_learnt}}));
      sequences.push(Json::object({{"label", sequence.label},
                                   {"num_tokens", sequence.tokens.size()},
                                   {"num_learnt", sequence.num_learnt},
                                   {"ids", std::move(ids)},
                                   {"learnt", std::move(learnt)},
                                   {"parts", std::move(parts)}}));
    }
    out.push(Json::object({{"file", row.file},
                           {"line", row.line > 0 ? Json(row.line) : Json()},
                           {"row", row.row},
                           {"format", row.format},
                           {"dropped_because", row.dropped_because.empty() ? Json() : Json(row.dropped_because)},
                           {"is_truncated", row.is_truncated},
                           {"sequences", std::move(sequences)}}));
  }
  return Json::object({{"rows", std::move(out)}});
}

std::string preview_html(const std::vector<PreviewRow>& rows, const std::string& title) {
  std::string out = cat("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>", escape_html(title),
                        "</title>\n<style>", kStyle, "</style></head><body>\n<h1>", escape_html(title),
                        "</h1>\n<p>Tokens on <span class=\"l\">this ground</span> are learnt; the others are what the "
                        "model is given. Each token's id shows when the pointer rests on it.</p>\n");
  for (const PreviewRow& row : rows) {
    out += cat("<h2>", escape_html(head_of(row)), "</h2>\n");
    if (!row.dropped_because.empty())
      out += cat("<p class=\"dropped\">dropped: ", escape_html(row.dropped_because), "</p>\n");
    for (const PreviewSequence& sequence : row.sequences) {
      out += cat("<p class=\"counts\">", escape_html(counts_of(sequence)), "</p>\n<pre>");
      for (const PreviewToken& token : sequence.tokens)
        out += cat("<span class=\"t", token.is_learnt ? " l" : "", token.is_special ? " s" : "", "\" title=\"",
                   token.id, "\">", escape_html(token.text), "</span>");
      out += "</pre>\n";
    }
  }
  return out + "</body></html>\n";
}

}  // namespace forgelm::data
