// {prompt?, chosen, rejected}: TRL's preference types, in plain text or as lists of messages, with the prompt given or
// implicit. Plain texts are used as they stand (no chat template), as the Python original does.
#include <algorithm>

#include "../pairs.hpp"
#include "shared.hpp"

namespace forgelm::data {
extern const RowFormat row_format_preference;

namespace {

constexpr ColumnSpec kColumns[] = {
    {.name = "prompt", .doc = "text or list of messages; without it, what chosen and rejected share"},
    {.name = "chosen", .doc = "the better answer: text or list of messages", .is_required = true},
    {.name = "rejected", .doc = "the worse answer, in the same form", .is_required = true},
    {.name = "tools", .doc = "list of tool schemas, or JSON of one"},
};

void convert_texts(const RowView& row, const std::optional<Cell>& prompt, const Cell& chosen, const Cell& rejected,
                   RowOutcome& out) {
  Sample pair;
  pair.kind = SampleKind::preference;
  if (prompt) {
    pair.prompt_text = prompt->text("text, as chosen and rejected are");
    pair.completion_text = chosen.value().text();
    pair.rejected_text = rejected.value().text();
  } else {
    if (chosen.value().text() == rejected.value().text()) {
      out.dropped_because = kSameAnswers;
      return;
    }
    split_texts(chosen.value().text(), rejected.value().text(), pair);
  }
  accept_pair(row, std::move(pair), out);
}

/// Whether `turns` repeat the prompt and go on.
bool starts_with(const Json& turns, const Json& prompt) {
  const auto &all = turns.items(), &first = prompt.items();
  return all.size() > first.size() && std::equal(first.begin(), first.end(), all.begin());
}

Json without_first(const Json& turns, std::size_t num_turns) {
  const auto& all = turns.items();
  return Json(Json::Array(all.begin() + static_cast<std::ptrdiff_t>(num_turns), all.end()));
}

void convert(const RowView& row, RowOutcome& out) {
  const Cell chosen = row.at("chosen"), rejected = row.at("rejected");
  const auto prompt = row.find("prompt");
  if (chosen.is_text() && rejected.is_text() && !(prompt && is_turns(*prompt)))
    return convert_texts(row, prompt, chosen, rejected, out);
  Sample pair;
  pair.kind = SampleKind::preference;
  pair.tools = read_tools(row.find("tools"));
  const Json good = read_turns_or_text(chosen, "assistant"), bad = read_turns_or_text(rejected, "assistant");
  if (good == bad) {
    out.dropped_because = kSameAnswers;
    return;
  }
  // A prompt in plain text beside whole conversations repeats their start (UltraFeedback): theirs is taken.
  const bool is_whole = !is_assistant(good.items().front()) || !is_assistant(bad.items().front());
  if (prompt && !(prompt->is_text() && is_whole)) {
    pair.messages = read_turns_or_text(*prompt, "user");
    const bool is_repeated = starts_with(good, pair.messages) && starts_with(bad, pair.messages);
    const std::size_t num_repeated = is_repeated ? pair.messages.items().size() : 0;
    pair.chosen = without_first(good, num_repeated);
    pair.rejected = without_first(bad, num_repeated);
  } else {
    split_conversations(good, bad, pair);
  }
  accept_pair(row, std::move(pair), out);
}

}  // namespace

const RowFormat row_format_preference = {
    .name = "preference",
    .known_as = "TRL, UltraFeedback",
    .meaning =
        "The prompt with a better and a worse answer. Text is used as it stands; messages go through the chat "
        "template. For kto each pair becomes two labelled answers.",
    .rank = 60,
    .columns = kColumns,
    .trainers = kPairTrainers,
    .convert = convert,
};

}  // namespace forgelm::data
