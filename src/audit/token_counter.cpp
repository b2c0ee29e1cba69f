#include "token_counter.hpp"

#include <algorithm>
#include <utility>

#include "forgelm/core/error.hpp"
#include "forgelm/core/rounding.hpp"
#include "forgelm/data/model_text.hpp"
#include "forgelm/data/prepare.hpp"
#include "forgelm/data/tokenize_source.hpp"
#include "forgelm/text/characters.hpp"

namespace forgelm::audit {
namespace {

namespace fs = std::filesystem;
using config::TrainerType;

/// Nothing is cut while lengths are measured.
constexpr std::int64_t kNoLimit = std::int64_t{1} << 40;

std::shared_ptr<const data::ExampleBuilder> builder_of(data::ModelText model, data::ExampleRules rules) {
  rules.max_length = kNoLimit;
  rules.length_policy = config::LengthPolicy::truncate;
  return std::make_shared<const data::ExampleBuilder>(std::move(model.tokenizer), std::move(model.chat_template),
                                                      rules);
}

/// The template that a job would choose for this tokenizer.
data::ModelText model_text_of(const fs::path& path) {
  config::ModelSection model;
  model.name_or_path = path.native();
  if (fs::is_directory(path)) return data::load_model_text(model);
  data::ModelText out;
  out.tokenizer = text::Tokenizer::load(path);
  out.chat_template =
      std::make_shared<const text::ChatTemplate>(text::ChatTemplate::choose(model.chat_template, *out.tokenizer, ""));
  return out;
}

}  // namespace

TokenMeasure::TokenMeasure(const fs::path& path, std::optional<std::int64_t> max_length) : source_(path.native()) {
  data::ExampleRules rules;
  rules.train_on = config::TrainOn::all;  // a row of which nothing is learnt has a length too
  builder_ = builder_of(model_text_of(path), rules);
  max_length_ = max_length ? max_length : builder_->tokenizer().config().model_max_length;
}

TokenMeasure::TokenMeasure(const config::JobConfig& job, std::optional<std::int64_t> max_length)
    : source_(job.model.name_or_path),
      builder_(builder_of(data::load_model_text(job.model), data::ExampleRules::of(job))),
      rules_(data::row_rules_of(job)),
      max_length_(max_length ? *max_length : job.model.max_length) {}

std::optional<data::RowConverter> TokenMeasure::converter_for(const fs::path& file) const {
  std::vector<data::RowRules> choices;
  if (rules_) choices.push_back(*rules_);
  else
    for (const TrainerType trainer :
         {TrainerType::dpo, TrainerType::kto, TrainerType::sft, TrainerType::cpt, TrainerType::grpo})
      choices.push_back({.trainer = trainer});
  for (const data::RowRules& rules : choices) {
    try {
      data::RowConverter converter = data::converter_for({file}, rules);
      // A conversation that is spread over rows has no length of a row.
      if (!converter.format().spans_rows) return converter;
    } catch (const ConfigError&) {
      continue;  // no row format of this trainer fits
    }
  }
  return std::nullopt;
}

void BlockTokens::merge(const BlockTokens& more) {
  for (const auto& [length, count] : more.counts) counts[length] += count;
  num_rows += more.num_rows;
  num_rows_as_text += more.num_rows_as_text;
  num_rows_dropped += more.num_rows_dropped;
  num_rows_over += more.num_rows_over;
}

void TokenCounter::add(std::string_view line, std::string_view text) {
  if (measure_ == nullptr || (measure_->converter && add_in_format(line))) return;
  if (text::is_blank(text)) ++block_.num_rows_dropped;
  else add_as_text(text);
}

bool TokenCounter::add_in_format(std::string_view line) {
  Result<Json> parsed = parse_json(line);
  if (!parsed || parsed->kind() != Json::Kind::object) return false;
  formats::Row row;
  row.value = std::move(*parsed);
  const data::RowOutcome outcome = measure_->converter->convert(row, measure_->file);
  if (outcome.problem) return false;
  std::vector<std::size_t> lengths;
  for (const data::Sample& sample : outcome.samples) {
    try {
      for (const data::Example& example : measure_->measure->builder().build(sample).examples)
        for (const data::Sequence& sequence : example.sequences) lengths.push_back(sequence.ids.size());
    } catch (const ConfigError&) {
      return false;  // the template refuses the conversation
    }
  }
  if (lengths.empty()) {
    ++block_.num_rows_dropped;
    return true;
  }
  ++block_.num_rows;
  bool is_over = false;
  for (const std::size_t length : lengths) is_over = add_length(length) || is_over;
  if (is_over) ++block_.num_rows_over;
  return true;
}

void TokenCounter::add_as_text(std::string_view text) {
  text::EncodeOptions options;
  options.parse_special_tokens = false;
  measure_->measure->builder().tokenizer().encode(text, options, encoding_);
  ++block_.num_rows;
  ++block_.num_rows_as_text;
  if (add_length(encoding_.ids.size())) ++block_.num_rows_over;
}

bool TokenCounter::add_length(std::size_t num_tokens) {
  ++block_.counts[static_cast<std::uint32_t>(num_tokens)];
  const std::optional<std::int64_t> limit = measure_->measure->max_length();
  return limit && static_cast<std::int64_t>(num_tokens) > *limit;
}

BlockTokens TokenCounter::take() { return std::exchange(block_, {}); }

TokensProfile tokens_profile(const BlockTokens& tokens, const SplitMeasure& measure) {
  TokensProfile out;
  out.read_as = measure.converter ? measure.converter->description() : "text";
  out.num_rows = tokens.num_rows;
  out.num_rows_as_text = tokens.num_rows_as_text;
  out.num_rows_dropped = tokens.num_rows_dropped;
  out.num_rows_over = tokens.num_rows_over;
  out.max_length = measure.measure->max_length();
  if (tokens.counts.empty()) return out;
  for (const auto& [length, count] : tokens.counts) {
    out.num_sequences += count;
    out.num_tokens += length * count;
    const auto limit = static_cast<std::uint64_t>(out.max_length.value_or(kNoLimit));
    if (length <= limit) continue;
    out.num_sequences_over += count;
    out.num_tokens_lost += (length - limit) * count;
  }
  out.min = tokens.counts.begin()->first;
  out.max = tokens.counts.rbegin()->first;
  out.mean = rounded(static_cast<double>(out.num_tokens) / static_cast<double>(out.num_sequences), 1);
  // As the report's other percentiles: the value at this place of the sorted lengths.
  const auto at = [&](double part) {
    std::uint64_t place =
        std::min(static_cast<std::uint64_t>(static_cast<double>(out.num_sequences) * part), out.num_sequences - 1);
    for (const auto& [length, count] : tokens.counts) {
      if (place < count) return std::uint64_t{length};
      place -= count;
    }
    return out.max;
  };
  out.p50 = at(0.5);
  out.p95 = at(0.95);
  out.p99 = at(0.99);
  return out;
}

}  // namespace forgelm::audit
