// {messages, label}: LLaMA-Factory's KTO data: the last turn of the conversation is the answer that is judged.
#include "../labels.hpp"
#include "shared.hpp"

namespace forgelm::data {
extern const RowFormat row_format_labelled_conversation;

namespace {

constexpr ColumnSpec kColumns[] = {
    {.name = "messages",
     .doc = "list of {role, content} or {from, value}, the answer last",
     .is_required = true,
     .also = {"conversations", "conversation"}},
    {.name = "label", .doc = "whether the answer is desirable", .is_required = true, .also = {"kto_tag"}},
    {.name = "system", .doc = "system prompt, unless the conversation opens with one", .also = {"system_prompt"}},
    {.name = "tools", .doc = "list of tool schemas, or JSON of one"},
};

void convert(const RowView& row, RowOutcome& out) {
  Sample sample;
  sample.kind = SampleKind::labelled;
  sample.is_desirable = read_label(row.at("label"));
  sample.messages = read_turns(row.at("messages"));
  auto& turns = sample.messages.items();
  if (!is_assistant(turns.back())) {
    out.dropped_because = kNoteNoLastAnswer;
    return;
  }
  sample.chosen = Json::array({turns.back()});
  turns.pop_back();
  if (const auto system = row.find("system")) add_system(sample.messages, system->text());
  sample.tools = read_tools(row.find("tools"));
  accept(std::move(sample), out);
}

}  // namespace

const RowFormat row_format_labelled_conversation = {
    .name = "labelled_conversation",
    .known_as = "LLaMA-Factory (sharegpt, KTO)",
    .meaning = "The last turn is the answer, what comes before it the prompt; all goes through the chat template.",
    .rank = 85,
    .columns = kColumns,
    .trainers = kKto,
    .convert = convert,
};

}  // namespace forgelm::data
