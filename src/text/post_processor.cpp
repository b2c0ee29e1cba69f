// A processor maps a list of parts to a list of parts; run once at load on marks in place of the texts, it tells where
// the special tokens go for every text.
#include "post_processor.hpp"

#include <algorithm>

#include "forgelm/core/text.hpp"
#include "unicode.hpp"

namespace forgelm::text {
namespace {

constexpr std::size_t kMaxPlan = 4096;

using Parts = std::vector<SpecialTokenPlan>;

TokenId read_id(const JsonNode& node) { return static_cast<TokenId>(node.integer(0, INT32_MAX)); }

/// ["[CLS]", 101]
TokenId read_token_and_id(const JsonNode& node) {
  const auto items = node.items();
  if (items.size() != 2) node.fail(cat("a token and its id are needed, not ", items.size(), " items"));
  if (items[0].value().kind() == Json::Kind::integer) return read_id(items[0]);
  return read_id(items[1]);
}

/// [CLS] A [SEP] B [SEP], or <s> A </s> </s> B </s>.
Parts around(Parts parts, TokenId begin, TokenId end, bool begins_second) {
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (i == 0) parts[i].insert(parts[i].begin(), begin);
    else if (begins_second) parts[i].insert(parts[i].begin(), end);
    parts[i].push_back(end);
  }
  return parts;
}

/// The ids of {"SpecialToken": {"id": "[CLS]", "type_id": 0}} or of {"Sequence": {"id": "A", "type_id": 0}}.
SpecialTokenPlan read_piece(const JsonNode& processor, const JsonNode& piece, const Parts& parts, bool adds_special) {
  if (const auto sequence = piece.find("Sequence")) {
    const JsonNode id = sequence->at("id");
    if (id.text() == "A") return parts.front();
    if (id.text() != "B") id.fail(cat("a sequence is called \"A\" or \"B\", not ", quote(id.text())));
    if (parts.size() < 2) id.fail("there is no second text in this template");
    return parts[1];
  }
  const auto special = piece.find("SpecialToken");
  if (!special) piece.fail(R"({"SpecialToken": ...} or {"Sequence": ...} is needed)");
  SpecialTokenPlan ids;
  const auto tokens = processor.at("special_tokens").find(special->at("id").text());
  if (!tokens) special->at("id").fail("special_tokens does not list this token");
  for (const JsonNode& id : tokens->at("ids").items()) ids.push_back(read_id(id));
  if (!adds_special) ids.clear();
  return ids;
}

Parts run(const JsonNode& node, Parts parts, bool is_pair, bool adds_special, int depth) {
  const std::string& type = node.at("type").text();
  if (type == "Sequence") {
    if (depth >= kMaxSequenceDepth) node.fail(cat("sequences are nested deeper than ", kMaxSequenceDepth));
    for (const JsonNode& item : node.at("processors").items())
      parts = run(item, std::move(parts), is_pair, adds_special, depth + 1);
  } else if (type == "BertProcessing" || type == "RobertaProcessing") {
    const TokenId end = read_token_and_id(node.at("sep"));
    const TokenId begin = read_token_and_id(node.at("cls"));
    if (parts.front().size() > kMaxPlan) node.fail(cat("more than ", kMaxPlan, " tokens"));
    if (adds_special) parts = around(std::move(parts), begin, end, type == "RobertaProcessing");
  } else if (type == "TemplateProcessing") {
    if (parts.size() != (is_pair ? 2 : 1)) node.fail("a template must be the first processor that joins texts");
    const JsonNode pieces = node.at(is_pair ? "pair" : "single");
    Parts joined;
    for (const JsonNode& piece : pieces.items()) {
      joined.push_back(read_piece(node, piece, parts, adds_special));
      std::size_t total = 0;
      for (const auto& part : joined) total += part.size();
      if (total > kMaxPlan) pieces.fail(cat("more than ", kMaxPlan, " tokens"));
    }
    parts = std::move(joined);
  } else if (type != "ByteLevel") {
    node.at("type").fail(cat("no post-processor is called ", quote(type)));
  }
  return parts;
}

SpecialTokenPlan plan(const JsonNode& node, bool is_pair, bool adds_special) {
  Parts parts = {{kFirstText}};
  if (is_pair) parts.push_back({kSecondText});
  SpecialTokenPlan out;
  for (const auto& part : run(node, std::move(parts), is_pair, adds_special, 0))
    out.insert(out.end(), part.begin(), part.end());
  return out;
}

void append_trims(const JsonNode& node, std::vector<bool>& out) {
  const std::string& type = node.at("type").text();
  if (type == "Sequence")
    for (const JsonNode& item : node.at("processors").items()) append_trims(item, out);
  else if (type == "ByteLevel" || type == "RobertaProcessing")
    if (const bool adds = node.at("add_prefix_space").boolean(); node.at("trim_offsets").boolean()) out.push_back(adds);
}

}  // namespace

PostProcessing read_post_processor(const JsonNode& node) {
  check_num_steps(node, "processors");
  PostProcessing out;
  out.single = plan(node, false, true);
  out.pair = plan(node, true, true);
  out.plain_single = plan(node, false, false);
  out.plain_pair = plan(node, true, false);
  append_trims(node, out.trims);
  return out;
}

void trim_span(std::string_view text, const Edges& edges, bool is_first, bool adds_prefix_space, ByteSpan& span) {
  // A single space at the start is taken for the one that was added, which stands for nothing.
  if (!((is_first || span.begin == 0) && adds_prefix_space && edges.num_leading == 1))
    for (std::uint32_t i = 0; i < edges.num_leading && span.begin < span.end; ++i)
      span.begin = std::min(span.begin + static_cast<std::uint32_t>(utf8_length(text[span.begin])), span.end);
  for (std::uint32_t i = 0; i < edges.num_trailing && span.end > span.begin; ++i) do
      --span.end;
    while (span.end > span.begin && !begins_character(text[span.end]));
}

}  // namespace forgelm::text
