// ExampleBuilder: samples to examples, i.e. what of a row is learnt. Template, beginning and end tokens, masks and
// length rules meet here and nowhere else. docs/what-is-learnt.md says the same in words. Invariants: one
// beginning-of-text token; an end token is learnt where a turn or text ends and never twice; an example that was cut
// gets no end token; position 0 carries no loss (nothing predicts it), so that a sequence counts the same alone, padded
// or packed.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "forgelm/config/job.hpp"
#include "forgelm/data/example.hpp"
#include "forgelm/data/sample.hpp"
#include "forgelm/text/chat_template.hpp"
#include "forgelm/text/chat_tokens.hpp"
#include "forgelm/text/tokenizer.hpp"

namespace forgelm::data {

struct ExampleRules {
  config::TrainOn train_on = config::TrainOn::assistant;
  config::LengthPolicy length_policy = config::LengthPolicy::truncate;
  std::int64_t max_length = 2048;
  bool add_eos = true;
  std::optional<std::int64_t> min_response_tokens;
  std::optional<std::int64_t> max_response_tokens;
  text::SystemFallback system_fallback = text::SystemFallback::merge_user;

  static ExampleRules of(const config::JobConfig& job);
  /// All that changes what is built: part of the token cache's key.
  Json to_json() const;
};

/// What became of one sample.
struct BuiltExamples {
  std::vector<Example> examples;  ///< none when dropped; more than one when split
  std::string dropped_because;    ///< a reason to count by; empty when kept
  bool is_truncated = false;
  bool has_nothing_learnt = false;  ///< dropped because no token of it would be learnt
};

/// Immutable; thread-safe.
class ExampleBuilder {
 public:
  ExampleBuilder(std::shared_ptr<const text::Tokenizer> tokenizer,
                 std::shared_ptr<const text::ChatTemplate> chat_template, ExampleRules rules);

  /// ConfigError when the template refuses the conversation, or when length_policy is `error` and the sample is too
  /// long; the caller adds file and line.
  BuiltExamples build(const Sample& sample) const;

  const text::Tokenizer& tokenizer() const noexcept { return *tokenizer_; }
  const text::ChatTemplate& chat_template() const noexcept { return *chat_template_; }
  const ExampleRules& rules() const noexcept { return rules_; }

 private:
  Sequence from_text(const std::string& prompt, const std::string& completion) const;
  Sequence from_chat(const Json& prompt, const Json& answer, const Json& tools) const;
  Sequence from_answer(const Sample& sample, const Json& answer, const std::string& answer_text) const;
  Sequence from_prompt(const Sample& sample) const;
  void end_with_eos(Sequence& sequence) const;

  std::shared_ptr<const text::Tokenizer> tokenizer_;
  std::shared_ptr<const text::ChatTemplate> chat_template_;
  text::ChatEncoder encoder_;
  ExampleRules rules_;
};

}  // namespace forgelm::data
