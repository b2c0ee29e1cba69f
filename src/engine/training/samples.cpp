#include "engine/training/samples.hpp"

#include <algorithm>

#include "engine/generation/greedy.hpp"
#include "forgelm/core/error.hpp"
#include "forgelm/data/example_builder.hpp"
#include "forgelm/text/chat_tokens.hpp"

namespace forgelm::engine {
namespace {

constexpr std::int64_t kMaxNewTokens = 64;

}  // namespace

std::optional<std::vector<Sample>> answer_prompts(DecoderModel& model, const data::ModelText& text,
                                                  const config::JobConfig& job,
                                                  const std::function<bool()>& wants_stop) {
  std::vector<Sample> samples;
  if (job.training.sample_prompts.empty()) return samples;
  if (!text.tokenizer || !text.chat_template)
    throw RunError(RunErrorKind::internal, "training.sample_prompts needs the model's tokenizer");
  const at::NoGradGuard no_grad;
  GreedyOptions options;
  options.max_new_tokens = kMaxNewTokens;
  options.stop_ids = model.config().eos_ids;
  bool was_stopped = false;
  options.wants_stop = [&] { return was_stopped = was_stopped || wants_stop(); };
  const auto fallback = data::ExampleRules::of(job).system_fallback;
  const text::ChatEncoder encoder(*text.tokenizer);
  for (const std::string& prompt : job.training.sample_prompts) {
    text::Conversation conversation;
    conversation.messages = Json::array({Json::object({{"role", "user"}, {"content", prompt}})});
    const auto ids = encoder.encode(text.chat_template->render_prompt(conversation, fallback)).ids;
    const auto answer = continue_greedily(model, ids, options);
    if (was_stopped) return std::nullopt;
    samples.push_back({prompt, text.tokenizer->decode(answer, {.skip_special_tokens = true})});
  }
  return samples;
}

}  // namespace forgelm::engine
