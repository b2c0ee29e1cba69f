// From text to ids: added tokens, normalizer, added tokens again, pre-tokenizer, model, special tokens around. Work
// memory is pooled, so that a call allocates nothing once the buffers have grown; spans are followed only when asked
// for (or when a step needs them to know where a text starts).
#include "pipeline.hpp"

#include <algorithm>
#include <array>
#include <atomic>

#include "added_tokens.hpp"
#include "decoder.hpp"
#include "forgelm/core/error.hpp"
#include "forgelm/core/text.hpp"
#include "json_node.hpp"
#include "normalizer.hpp"
#include "piece_cache.hpp"
#include "pipeline_tokenizer.hpp"
#include "post_processor.hpp"
#include "pre_tokenizer.hpp"

namespace forgelm::text {
namespace {

constexpr std::size_t kMaxTextBytes = std::size_t{1} << 31;
constexpr char32_t kMetaspace = 0x2581;
constexpr std::string_view kMetaspaceBytes = "\xE2\x96\x81";

/// The white space at the ends of a token, which spans may leave out.
Edges edges_of(std::string_view token) {
  const CharClasses classes;
  constexpr char32_t kSpelledSpace = 0x120;
  Edges edges;
  bool is_leading = true;
  for (std::size_t at = 0; at < token.size();) {
    const char32_t c = next_code_point(token.data(), at);
    const bool is_space = c == kSpelledSpace || classes.has(c, char_flag::kWhiteSpace);
    edges.num_trailing = is_space ? edges.num_trailing + 1 : 0;
    is_leading = is_leading && is_space;
    edges.num_leading += is_leading;
  }
  return edges;
}

}  // namespace

/// What one call works with.
struct PipelineTokenizer::Scratch {
  explicit Scratch(const Model& of) : model(of.new_scratch()) {}
  std::unique_ptr<ModelScratch> model;
  PieceCache cache;
  TextBuffers buffers;
  PreTokenized work;
  std::vector<AddedTokenMatch> given_matches;
  std::vector<AddedTokenMatch> normalized_matches;
  std::vector<Piece> pieces;
  std::string spelled;
  std::vector<Edges> edges;  // one per token, when spans are trimmed
  Encoding second;
};

/// Where a call's tokens go.
struct PipelineTokenizer::Job {
  Scratch& scratch;
  const EncodeOptions& options;
  Encoding& out;
  bool with_spans;  // the alignment is followed
  bool with_edges;
};

PipelineTokenizer::PipelineTokenizer(PipelineParts parts, const std::string& file)
    : kind_(parts.kind), model_(std::move(parts.model)) {
  if (model_ == nullptr) throw ConfigError(cat(quote(file), ": there is no model"));
  if (!parts.normalizer.is_null()) normalizer_ = read_normalizer(JsonNode(parts.normalizer, "normalizer", file));
  if (!parts.pre_tokenizer.is_null())
    pre_tokenizers_ = read_pre_tokenizers(JsonNode(parts.pre_tokenizer, "pre_tokenizer", file));
  bool is_text_changed = normalizer_ != nullptr;
  for (const auto& step : pre_tokenizers_) {
    needs_spans_ = needs_spans_ || step->needs_spans(is_text_changed);
    is_text_changed = is_text_changed || step->changes_text();
  }
  spells_words_ = take_off_byte_spelling(pre_tokenizers_);
  cuts_at_metaspace_ = parts.pre_tokenizer.is_null() && model_->may_cut_before(kMetaspace);
  const JsonNode decoder(parts.decoder, "decoder", file);
  decoders_ = read_decoders(decoder.is_null() ? nullptr : &decoder);
  if (!parts.truncation.is_null()) read_truncation(JsonNode(parts.truncation, "truncation", file));
  add_tokens(std::move(parts.added_tokens), file);
  if (!parts.post_processor.is_null()) set_post_processor(parts.post_processor, file);
}

void PipelineTokenizer::set_post_processor(const Json& post_processor, const std::string& file) {
  const JsonNode node(post_processor, "post_processor", file);
  PostProcessing post = read_post_processor(node);
  const std::size_t num_tokens = vocab_size();
  for (const SpecialTokenPlan* plan : {&post.single, &post.pair})
    for (const TokenId id : *plan)
      if (id >= 0 && static_cast<std::size_t>(id) >= num_tokens)
        node.fail(cat("the token id ", id, " is beyond the vocabulary of ", num_tokens, " tokens"));
  post_ = std::move(post);
}

PipelineTokenizer::~PipelineTokenizer() {
  for (auto& place : idle_) delete place.load();
}

void PipelineTokenizer::read_truncation(const JsonNode& node) {
  Truncation truncation;
  truncation.max_length = static_cast<std::size_t>(node.at("max_length").integer(0, INT64_MAX));
  if (const auto direction = node.find("direction")) {
    if (direction->text() != "Left" && direction->text() != "Right") direction->fail(R"("Left" or "Right" is needed)");
    truncation.is_left = direction->text() == "Left";
  }
  const JsonNode strategy = node.at("strategy");
  if (strategy.text() != "LongestFirst" && strategy.text() != "OnlyFirst" && strategy.text() != "OnlySecond")
    strategy.fail(cat("no strategy is called ", quote(strategy.text())));
  truncation.cuts_first = strategy.text() != "OnlySecond";
  node.at("stride").integer(0, INT64_MAX);
  truncation_ = truncation;
}

void PipelineTokenizer::add_tokens(std::vector<AddedToken> given, const std::string& file) {
  if (given.size() > AddedTokens::kMaxTokens)
    throw ConfigError(cat(quote(file), ": added_tokens: ", given.size(), " tokens; at most ", AddedTokens::kMaxTokens,
                          " can be used"));
  // Ids as the reference settles them: the model's own, else the next free one; other kinds of file state theirs.
  std::vector<AddedToken> tokens;
  std::unordered_map<std::string, std::size_t> places;
  auto next_id = static_cast<TokenId>(model_->num_ids());
  for (std::size_t i = 0; i < given.size(); ++i) {
    AddedToken& token = given[i];
    if (token.content.empty()) continue;
    if (token.content.size() > AddedTokens::kMaxContentBytes)
      throw ConfigError(cat(quote(file), ": added_tokens[", i, "].content: ", token.content.size(), " bytes; at most ",
                            AddedTokens::kMaxContentBytes, " can be used"));
    const auto [place, is_new] = places.emplace(token.content, tokens.size());
    if (!is_new) {
      token.id = tokens[place->second].id;
      tokens[place->second] = std::move(token);
      continue;
    }
    if (const auto id = model_->id_of(token.content)) token.id = *id;
    else if (kind_ == TokenizerKind::tokenizer_json || token.id < 0) token.id = next_id++;
    else next_id = std::max(next_id, token.id + 1);
    tokens.push_back(std::move(token));
  }
  std::vector<std::string> normalized;
  TextBuffers buffers;
  for (const AddedToken& token : tokens) {
    normalized.push_back(token.content);
    if (!token.normalized || normalizer_ == nullptr) continue;
    buffers.num_given_bytes = token.content.size();
    buffers.text.assign(token.content, 0, false);
    normalizer_->apply(buffers);
    normalized.back() = buffers.text.bytes;
  }
  num_ids_ = model_->num_ids();
  for (const AddedToken& token : tokens) num_ids_ = std::max(num_ids_, static_cast<std::size_t>(token.id) + 1);
  added_.build(std::move(tokens), normalized);
}

std::unique_ptr<PipelineTokenizer::Scratch> PipelineTokenizer::borrow_scratch() const {
  static std::atomic<std::size_t> num_threads{0};
  thread_local const std::size_t home = num_threads.fetch_add(1);
  for (std::size_t i = 0; i < idle_.size(); ++i)
    if (Scratch* found = idle_[(home + i) % idle_.size()].exchange(nullptr)) return std::unique_ptr<Scratch>(found);
  return std::make_unique<Scratch>(*model_);
}

void PipelineTokenizer::give_back(std::unique_ptr<Scratch> scratch) const {
  for (auto& place : idle_) {
    Scratch* expected = nullptr;
    if (place.compare_exchange_strong(expected, scratch.get())) {
      scratch.release();
      return;
    }
  }
}

void PipelineTokenizer::encode(std::string_view text, const EncodeOptions& options, Encoding& out) const {
  encode_plan(options.add_special_tokens ? post_.single : post_.plain_single, {text, {}}, options, out);
}

void PipelineTokenizer::encode_pair(std::string_view first, std::string_view second, const EncodeOptions& options,
                                    Encoding& out) const {
  encode_plan(options.add_special_tokens ? post_.pair : post_.plain_pair, {first, second}, options, out);
}

void PipelineTokenizer::encode_plan(const std::vector<TokenId>& plan, std::array<std::string_view, 2> texts,
                                    const EncodeOptions& options, Encoding& out) const {
  out.ids.clear();
  out.spans.clear();
  auto scratch = borrow_scratch();
  for (const TokenId item : plan) {
    if (item >= 0) {
      out.ids.push_back(item);
      if (options.with_spans) out.spans.push_back({});
      continue;
    }
    const std::size_t first = out.ids.size();
    encode_text(texts[item == kFirstText ? 0 : 1], options, *scratch, out);
    if (options.truncate) truncate(plan, first, out);
  }
  give_back(std::move(scratch));
}

void PipelineTokenizer::encode_text(std::string_view text, const EncodeOptions& options, Scratch& scratch,
                                    Encoding& out) const {
  if (text.size() > kMaxTextBytes)
    throw RunError(RunErrorKind::data,
                   cat("a text of ", text.size(), " bytes cannot be encoded; at most ", kMaxTextBytes));
  const std::size_t first = out.ids.size();
  std::string repaired;
  std::vector<ByteSpan> given_spans;  // of each byte of a repaired text
  const std::string_view given = text;
  if (!is_ascii(text) && !is_valid_utf8(text)) {
    repaired = to_valid_utf8(text);
    text = repaired;
  }
  Job job{scratch, options, out, options.with_spans || needs_spans_ || !options.literal.empty(),
          options.with_spans && !post_.trims.empty()};
  scratch.edges.clear();
  if (added_.has_any(false)) {
    scratch.given_matches.clear();
    added_.cut(text, false, !options.parse_special_tokens, scratch.given_matches, options.literal);
    for (const AddedTokenMatch& match : scratch.given_matches) {
      const std::string_view part = text.substr(match.begin, match.end - match.begin);
      if (match.id >= 0) put_added(job, match.id, part, {match.begin, match.end});
      else encode_segment(job, part, match.begin);
    }
  } else {
    encode_segment(job, text, 0);
  }
  if (!options.with_spans) return;
  for (const bool adds_prefix_space : post_.trims)
    for (std::size_t index = first; index < out.ids.size(); ++index)
      trim_span(text, scratch.edges[index - first], index == first, adds_prefix_space, out.spans[index]);
  if (!repaired.empty()) map_to_given(given, out, first);
}

/// The tokens from `first` on are all of one text: the file's limit, less the special tokens around, holds for them.
void PipelineTokenizer::truncate(const std::vector<TokenId>& plan, std::size_t first, Encoding& out) const {
  if (!truncation_) return;
  const auto num_special =
      static_cast<std::size_t>(std::count_if(plan.begin(), plan.end(), [](TokenId id) { return id >= 0; }));
  const std::size_t most = truncation_->max_length - std::min(num_special, truncation_->max_length);
  const std::size_t num = out.ids.size() - first;
  if (num <= most) return;
  if (!truncation_->cuts_first)
    throw RunError(RunErrorKind::data,
                   "the tokenizer's truncation cuts only a second text (\"OnlySecond\"), and there is none");
  const auto erase = [&](auto& items) {
    const auto begin = items.begin() + static_cast<std::ptrdiff_t>(first + (truncation_->is_left ? 0 : most));
    items.erase(begin, begin + static_cast<std::ptrdiff_t>(num - most));
  };
  erase(out.ids);
  if (!out.spans.empty()) erase(out.spans);
}

/// Spans of a repaired text as spans of the one with the bad bytes.
void PipelineTokenizer::map_to_given(std::string_view given, Encoding& out, std::size_t first) {
  std::vector<std::uint32_t> given_at;  // of each byte of the repaired text, and its end
  for (std::size_t at = 0; at < given.size();) {
    const DecodedCodePoint decoded = decode_utf8(given, at);
    given_at.insert(given_at.end(), decoded.is_valid ? decoded.num_bytes : 3, static_cast<std::uint32_t>(at));
    at += decoded.num_bytes;
  }
  given_at.push_back(static_cast<std::uint32_t>(given.size()));
  for (std::size_t i = first; i < out.spans.size(); ++i)
    out.spans[i] = {given_at[out.spans[i].begin], given_at[out.spans[i].end]};
}

void PipelineTokenizer::put_added(Job& job, TokenId id, std::string_view written, ByteSpan span) const {
  job.out.ids.push_back(id);
  if (job.options.with_spans) job.out.spans.push_back(span);
  if (job.with_edges) job.scratch.edges.push_back(edges_of(written));
}

void PipelineTokenizer::encode_segment(Job& job, std::string_view text, std::uint32_t origin) const {
  TextBuffers& buffers = job.scratch.buffers;
  buffers.origin = origin;
  buffers.with_spans = job.with_spans;
  buffers.num_given_bytes = text.size();
  buffers.text.assign(text, origin, job.with_spans);
  if (normalizer_ != nullptr) normalizer_->apply(buffers);
  if (!added_.has_any(true)) {
    std::swap(job.scratch.work.text, buffers.text);
    return encode_normalized(job, origin == 0);
  }
  auto& matches = job.scratch.normalized_matches;
  matches.clear();
  added_.cut(buffers.text.bytes, true, !job.options.parse_special_tokens, matches, job.options.literal,
             job.with_spans ? buffers.text.spans.data() : nullptr);
  for (const AddedTokenMatch& match : matches) {
    if (match.begin >= match.end) continue;
    const auto begin = static_cast<std::ptrdiff_t>(match.begin);
    const auto end = static_cast<std::ptrdiff_t>(match.end);
    if (match.id >= 0) {
      const ByteSpan span = job.with_spans
                                ? ByteSpan{buffers.text.spans[match.begin].begin, buffers.text.spans[match.end - 1].end}
                                : ByteSpan{};
      put_added(job, match.id, std::string_view(buffers.text.bytes).substr(match.begin, match.end - match.begin), span);
      continue;
    }
    AlignedText& part = job.scratch.work.text;
    part.clear();
    part.bytes.append(buffers.text.bytes, match.begin, match.end - match.begin);
    if (job.with_spans) part.spans.assign(buffers.text.spans.begin() + begin, buffers.text.spans.begin() + end);
    encode_normalized(job, origin == 0 && match.begin == 0);
  }
}

void PipelineTokenizer::encode_normalized(Job& job, bool is_at_start) const {
  PreTokenized& work = job.scratch.work;
  if (work.text.bytes.empty()) return;
  work.with_spans = job.with_spans;
  work.is_at_start = is_at_start;
  work.splits.assign(1, {0, static_cast<std::uint32_t>(work.text.bytes.size())});
  for (const auto& step : pre_tokenizers_) {
    step->apply(work);
    if (work.text.bytes.size() > kMaxTextBytes)
      throw RunError(RunErrorKind::data, "the tokenizer's pre-tokenizer lets a text grow beyond 2 GiB");
  }
  if (!cuts_at_metaspace_) {
    for (const Split& split : work.splits) encode_word(job, split.begin, split.end);
    return;
  }
  const std::string_view text = work.text.bytes;
  std::size_t begin = 0;
  for (std::size_t at = text.find('\xE2', 1); at != std::string_view::npos; at = text.find('\xE2', at + 1)) {
    const auto is_metaspace = [&](std::size_t place) { return text.compare(place, 3, kMetaspaceBytes) == 0; };
    if (!is_metaspace(at) || (at >= 3 && is_metaspace(at - 3))) continue;
    encode_word(job, begin, at);
    begin = at;
  }
  encode_word(job, begin, text.size());
}

void PipelineTokenizer::encode_word(Job& job, std::size_t begin, std::size_t end) const {
  Scratch& scratch = job.scratch;
  const AlignedText& text = scratch.work.text;
  const std::string_view word(text.bytes.data() + begin, end - begin);
  const bool may_be_known = word.size() <= PieceCache::kMaxWordBytes;
  if (may_be_known) {
    if (const PieceCache::Entry* known = scratch.cache.find(word, text.bytes.data() + text.bytes.size())) {
      std::size_t from = 0;
      const std::size_t before = job.out.ids.size();
      job.out.ids.resize(before + known->num_pieces);
      std::copy_n(known->ids, known->num_pieces, job.out.ids.data() + before);
      if (!job.options.with_spans) return;
      for (std::size_t i = 0; i < known->num_pieces; ++i) {
        put_span(job, known->ids[i], begin + from, begin + known->ends[i]);
        from = known->ends[i];
      }
      return;
    }
  }
  auto& pieces = scratch.pieces;
  pieces.clear();
  if (spells_words_) {
    scratch.spelled.clear();
    append_byte_level(word, scratch.spelled);
    model_->tokenize(scratch.spelled, *scratch.model, pieces);
    unspell(word, scratch.spelled, pieces);
  } else {
    model_->tokenize(word, *scratch.model, pieces);
  }
  bool is_gapless = true;
  std::uint32_t from = 0;
  for (const Piece& piece : pieces) {
    is_gapless = is_gapless && piece.begin == from;
    from = piece.end;
    job.out.ids.push_back(piece.id);
    if (job.options.with_spans) put_span(job, piece.id, begin + piece.begin, begin + piece.end);
  }
  if (may_be_known && is_gapless) scratch.cache.insert(word, pieces.data(), pieces.size());
}

/// Places in a spelled word as places in the word: each of its bytes is one code point there.
void PipelineTokenizer::unspell(std::string_view word, std::string_view spelled, std::vector<Piece>& pieces) {
  if (spelled.size() == word.size()) return;
  std::size_t at = 0;  // in `spelled`
  std::uint32_t byte = 0;
  const auto place_of = [&](std::size_t wanted) {
    if (wanted < at) at = byte = 0;
    for (; at < wanted && at < spelled.size(); ++byte) at += utf8_length(spelled[at]);
    return byte;
  };
  for (Piece& piece : pieces) {
    const std::size_t begin = piece.begin;
    piece.begin = place_of(begin);
    // A model that leaves out what it does not know counts on, as the reference does, and may start within a letter.
    if (at > begin && piece.begin > 0) --piece.begin;
    piece.end = place_of(piece.end);
  }
}

void PipelineTokenizer::put_span(Job& job, TokenId id, std::size_t begin, std::size_t end) const {
  const auto& spans = job.scratch.work.text.spans;
  ByteSpan span;
  if (begin < end && end <= spans.size()) span = {spans[begin].begin, spans[end - 1].end};
  job.out.spans.push_back(span);
  if (job.with_edges) job.scratch.edges.push_back(edges_of(model_->token_of(id)));
}

}  // namespace forgelm::text
