// {conversations, chosen, rejected}: LLaMA-Factory's ranking data: a conversation and two turns that may follow it.
#include "shared.hpp"

namespace forgelm::data {
extern const RowFormat row_format_preference_conversations;

namespace {

constexpr ColumnSpec kColumns[] = {
    {.name = "conversations",
     .doc = "the prompt: list of {from, value} or {role, content}",
     .is_required = true,
     .also = {"messages", "conversation"}},
    {.name = "chosen", .doc = "the better answer: a turn, a list of turns, or text", .is_required = true},
    {.name = "rejected", .doc = "the worse answer", .is_required = true},
    {.name = "system", .doc = "system prompt, unless the conversation opens with one", .also = {"system_prompt"}},
    {.name = "tools", .doc = "list of tool schemas, or JSON of one"},
};

void convert(const RowView& row, RowOutcome& out) {
  Sample pair;
  pair.kind = SampleKind::preference;
  pair.messages = read_turns(row.at("conversations"));
  if (const auto system = row.find("system")) add_system(pair.messages, system->text());
  pair.chosen = read_turns_or_text(row.at("chosen"), "assistant");
  pair.rejected = read_turns_or_text(row.at("rejected"), "assistant");
  pair.tools = read_tools(row.find("tools"));
  accept_pair(row, std::move(pair), out);
}

}  // namespace

const RowFormat row_format_preference_conversations = {
    .name = "preference_conversations",
    .known_as = "LLaMA-Factory (sharegpt, ranking)",
    .meaning = "The conversation is the prompt of both answers; all goes through the chat template.",
    .rank = 75,
    .columns = kColumns,
    .trainers = kPairTrainers,
    .convert = convert,
};

}  // namespace forgelm::data
