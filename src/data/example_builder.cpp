// The forms a sample can have (text, completion, chat, preference, labelled, prompt) come down to two: text that is
// encoded as it stands, and a conversation that the chat template renders. Both give one Sequence; length rules come
// after.
#include "forgelm/data/example_builder.hpp"

#include <algorithm>
#include <utility>

#include "forgelm/core/text.hpp"

namespace forgelm::data {
namespace {

using text::TokenId;

/// Ranges joined where they touch, without position 0 and what is empty.
std::vector<TokenRange> normalized(std::vector<TokenRange> ranges) {
  std::vector<TokenRange> out;
  for (TokenRange range : ranges) {
    range.begin = std::max<std::uint32_t>(range.begin, 1);
    if (range.begin >= range.end) continue;
    if (!out.empty() && out.back().end >= range.begin) out.back().end = std::max(out.back().end, range.end);
    else out.push_back(range);
  }
  return out;
}

std::uint32_t characters_of(std::string_view text) { return static_cast<std::uint32_t>(num_code_points(text)); }

std::uint32_t size_of(const Sequence& sequence) { return static_cast<std::uint32_t>(sequence.ids.size()); }

std::size_t num_learnt(const Sequence& sequence) { return SequenceView{sequence.ids, sequence.learnt}.num_learnt(); }

void learn_all(Sequence& sequence) { sequence.learnt = normalized({{0, size_of(sequence)}}); }

/// Tokens [begin, end) of a sequence as one of its own, with what is learnt of them.
Sequence part_of(const Sequence& whole, std::uint32_t begin, std::uint32_t end) {
  Sequence part;
  part.ids.assign(whole.ids.begin() + begin, whole.ids.begin() + end);
  std::vector<TokenRange> ranges;
  for (const TokenRange& range : whole.learnt)
    if (range.begin < end && range.end > begin)
      ranges.push_back({std::max(range.begin, begin) - begin, std::min(range.end, end) - begin});
  part.learnt = normalized(std::move(ranges));
  part.num_characters = whole.num_characters;
  return part;
}

Json messages_of(const Json& prompt, const Json& answer) {
  Json all = prompt.is_null() ? Json::array() : prompt;
  if (!answer.is_null())
    for (const Json& message : answer.items()) all.push(message);
  return all;
}

}  // namespace

ExampleRules ExampleRules::of(const config::JobConfig& job) {
  ExampleRules rules;
  rules.train_on = job.data.train_on;
  // Continued pre-training learns text; there is no assistant in it.
  if (job.training.trainer_type == config::TrainerType::cpt) rules.train_on = config::TrainOn::all;
  rules.length_policy = job.data.length_policy;
  rules.max_length = job.model.max_length;
  rules.add_eos = job.data.add_eos;
  rules.min_response_tokens = job.data.min_response_tokens;
  rules.max_response_tokens = job.data.max_response_tokens;
  rules.system_fallback = *from_text<text::SystemFallback>(to_text(job.model.system_fallback));
  return rules;
}

Json ExampleRules::to_json() const {
  const auto number = [](const std::optional<std::int64_t>& value) { return value ? Json(*value) : Json(); };
  return Json::object({{"train_on", to_text(train_on)},
                       {"length_policy", to_text(length_policy)},
                       {"max_length", max_length},
                       {"add_eos", add_eos},
                       {"min_response_tokens", number(min_response_tokens)},
                       {"max_response_tokens", number(max_response_tokens)},
                       {"system_fallback", to_text(system_fallback)}});
}

ExampleBuilder::ExampleBuilder(std::shared_ptr<const text::Tokenizer> tokenizer,
                               std::shared_ptr<const text::ChatTemplate> chat_template, ExampleRules rules)
    : tokenizer_(std::move(tokenizer)),
      chat_template_(std::move(chat_template)),
      encoder_(*tokenizer_),
      rules_(rules) {}

void ExampleBuilder::end_with_eos(Sequence& sequence) const {
  const auto& eos = tokenizer_->config().eos;
  if (!rules_.add_eos || !eos || !eos->id || sequence.ids.empty()) return;
  if (sequence.ids.back() == *eos->id) return;
  sequence.ids.push_back(*eos->id);
  sequence.num_characters += characters_of(eos->content);
  sequence.learnt.push_back({size_of(sequence) - 1, size_of(sequence)});
  sequence.learnt = normalized(std::move(sequence.learnt));
}

Sequence ExampleBuilder::from_text(const std::string& prompt, const std::string& completion) const {
  text::EncodeOptions options;
  options.with_spans = true;
  const text::Encoding encoding = tokenizer_->encode(prompt + completion, options);
  Sequence sequence;
  sequence.ids.assign(encoding.ids.begin(), encoding.ids.end());
  sequence.num_characters = characters_of(prompt) + characters_of(completion);
  // A token is learnt when its last byte belongs to the completion. What the post-processor adds has an empty span: at
  // the end it is the end token of the completion.
  std::uint32_t num_end_tokens = 0;
  while (num_end_tokens < encoding.spans.size()) {
    const auto& span = encoding.spans[encoding.spans.size() - 1 - num_end_tokens];
    if (span.begin != span.end) break;
    ++num_end_tokens;
  }
  std::vector<TokenRange> ranges;
  const auto num_tokens = size_of(sequence);
  for (std::uint32_t i = 0; i < num_tokens; ++i) {
    const bool is_end_token = i + num_end_tokens >= num_tokens && num_end_tokens < num_tokens;
    if (is_end_token || encoding.spans[i].end > prompt.size()) ranges.push_back({i, i + 1});
  }
  sequence.learnt = normalized(std::move(ranges));
  end_with_eos(sequence);
  return sequence;
}

Sequence ExampleBuilder::from_chat(const Json& prompt, const Json& answer, const Json& tools) const {
  const text::Conversation conversation{messages_of(prompt, answer), tools, Json()};
  text::RenderedChat rendered = chat_template_->render(conversation, rules_.system_fallback);
  if (!answer.is_null() && !prompt.is_null()) {
    // Only the answer is learnt: what was said before it is context, the assistant's own words too.
    const std::string before = chat_template_->render_prompt({prompt, tools, Json()}, rules_.system_fallback).text;
    if (!rendered.text.starts_with(before))
      throw ConfigError(
          cat("the chat template ", quote(chat_template_->name()),
              " writes the prompt in another way once the answer follows, so that the answer cannot be told apart"),
          "choose another template with model.chat_template");
    std::erase_if(rendered.learnt, [&](const text::ByteSpan& span) { return span.begin < before.size(); });
  }
  const text::ChatTokens tokens = encoder_.encode(rendered);
  Sequence sequence;
  sequence.ids.assign(tokens.ids.begin(), tokens.ids.end());
  sequence.num_characters = characters_of(rendered.text);
  for (const auto& range : tokens.learnt) sequence.learnt.push_back({range.begin, range.end});
  sequence.learnt = normalized(std::move(sequence.learnt));
  // A template that ends a turn says so with a token of its own; one that does not gets the model's end of text.
  const bool ends_with_answer = !sequence.learnt.empty() && sequence.learnt.back().end == size_of(sequence);
  if (ends_with_answer && !tokenizer_->is_special(sequence.ids.back())) end_with_eos(sequence);
  return sequence;
}

Sequence ExampleBuilder::from_answer(const Sample& sample, const Json& answer, const std::string& answer_text) const {
  return sample.is_in_message_form() ? from_chat(sample.messages, answer, sample.tools)
                                     : from_text(sample.prompt_text, answer_text);
}

Sequence ExampleBuilder::from_prompt(const Sample& sample) const {
  Sequence sequence;
  if (sample.is_in_message_form()) {
    const text::RenderedChat rendered =
        chat_template_->render_prompt({sample.messages, sample.tools, Json()}, rules_.system_fallback);
    const text::ChatTokens tokens = encoder_.encode(rendered);
    sequence.ids.assign(tokens.ids.begin(), tokens.ids.end());
    sequence.num_characters = characters_of(rendered.text);
  } else {
    const text::Encoding encoding = tokenizer_->encode(sample.prompt_text);
    sequence.ids.assign(encoding.ids.begin(), encoding.ids.end());
    sequence.num_characters = characters_of(sample.prompt_text);
  }
  return sequence;
}

BuiltExamples ExampleBuilder::build(const Sample& sample) const {
  BuiltExamples built;
  Example example;
  const bool learns_all = rules_.train_on == config::TrainOn::all;
  switch (sample.kind) {
    case SampleKind::text: example.sequences.push_back(from_text("", sample.text)); break;
    case SampleKind::chat: example.sequences.push_back(from_chat(Json(), sample.messages, sample.tools)); break;
    case SampleKind::completion:
      example.sequences.push_back(from_answer(sample, sample.chosen, sample.completion_text));
      break;
    case SampleKind::preference:
      example.sequences.push_back(from_answer(sample, sample.chosen, sample.completion_text));
      example.sequences.push_back(from_answer(sample, sample.rejected, sample.rejected_text));
      break;
    case SampleKind::labelled:
      example.sequences.push_back(from_answer(sample, sample.chosen, sample.completion_text));
      example.extra = dump(Json::object({{"label", sample.is_desirable}}));
      break;
    case SampleKind::prompt:
      example.sequences.push_back(from_prompt(sample));
      if (!sample.fields.is_null()) example.extra = dump(sample.fields);
      break;
  }
  const bool is_prompt = sample.kind == SampleKind::prompt;
  const auto drop = [&](std::string reason) {
    built.examples.clear();
    built.dropped_because = std::move(reason);
    return built;
  };
  const auto learns_nothing = [](const Sequence& sequence) { return sequence.learnt.empty(); };

  for (const Sequence& sequence : example.sequences) {
    if (sequence.ids.empty()) return drop("empty");
    const auto response = static_cast<std::int64_t>(num_learnt(sequence));
    if (rules_.min_response_tokens && !is_prompt && response < *rules_.min_response_tokens)
      return drop("response shorter than data.min_response_tokens");
    if (rules_.max_response_tokens && !is_prompt && response > *rules_.max_response_tokens)
      return drop("response longer than data.max_response_tokens");
  }
  if (!is_prompt && std::any_of(example.sequences.begin(), example.sequences.end(), learns_nothing)) {
    built.has_nothing_learnt = true;
    return drop("nothing to learn");
  }
  // Preference trainers score the answer only; `train_on: all` is about conversations and texts.
  const bool is_one_text =
      sample.kind == SampleKind::text || sample.kind == SampleKind::chat || sample.kind == SampleKind::completion;
  if (learns_all && is_one_text) learn_all(example.sequences.front());

  const auto max_length = static_cast<std::uint32_t>(std::min<std::int64_t>(rules_.max_length, UINT32_MAX));
  const bool is_too_long = std::any_of(example.sequences.begin(), example.sequences.end(),
                                       [&](const Sequence& sequence) { return size_of(sequence) > max_length; });
  if (!is_too_long) {
    built.examples.push_back(std::move(example));
    return built;
  }
  switch (rules_.length_policy) {
    case config::LengthPolicy::error: {
      std::size_t longest = 0;
      for (const Sequence& sequence : example.sequences) longest = std::max(longest, sequence.ids.size());
      throw ConfigError(cat("this row has ", longest, " tokens, and model.max_length is ", rules_.max_length),
                        "raise model.max_length, or choose another data.length_policy");
    }
    case config::LengthPolicy::drop: return drop("longer than model.max_length");
    case config::LengthPolicy::split:
      if (is_one_text) {
        const Sequence whole = std::move(example.sequences.front());
        // Parts share a token: the first of a part carries no loss, and was learnt as the last of the part before.
        const std::uint32_t step = std::max<std::uint32_t>(max_length, 2) - 1;
        for (std::uint32_t begin = 0; begin + 1 < size_of(whole); begin += step) {
          Example part = example;
          part.sequences = {part_of(whole, begin, std::min(begin + max_length, size_of(whole)))};
          if (!built.examples.empty()) part.sequences.front().num_characters = 0;  // the first has counted it
          if (!learns_nothing(part.sequences.front())) built.examples.push_back(std::move(part));
        }
        return built;
      }
      // Two answers cannot be cut at the same place; what cannot be split is dropped, and counted as that.
      return drop("longer than model.max_length and of a kind that cannot be split");
    case config::LengthPolicy::truncate:
      for (Sequence& sequence : example.sequences) {
        // Of a prompt the end matters: it is what the answer follows.
        const bool keeps_end = is_prompt && size_of(sequence) > max_length;
        const std::uint32_t begin = keeps_end ? size_of(sequence) - max_length : 0;
        sequence = part_of(sequence, begin, std::min(begin + max_length, size_of(sequence)));
      }
      if (!is_prompt && std::any_of(example.sequences.begin(), example.sequences.end(), learns_nothing)) {
        built.has_nothing_learnt = true;
        return drop("the answer lies beyond model.max_length");
      }
      built.is_truncated = true;
      built.examples.push_back(std::move(example));
      return built;
  }
  return built;
}

}  // namespace forgelm::data
