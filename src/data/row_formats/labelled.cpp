// {prompt?, completion, label}: TRL's unpaired preference, in plain text (used as it stands) or as lists of messages.
#include "../labels.hpp"
#include "shared.hpp"

namespace forgelm::data {
extern const RowFormat row_format_labelled;

namespace {

constexpr ColumnSpec kColumns[] = {
    {.name = "prompt", .doc = "text, or list of messages"},
    {.name = "completion", .doc = "the answer: text, or list of messages", .is_required = true, .also = {"response"}},
    {.name = "label", .doc = "whether the answer is desirable", .is_required = true, .also = {"kto_tag"}},
    {.name = "tools", .doc = "list of tool schemas, or JSON of one"},
};

void convert(const RowView& row, RowOutcome& out) {
  const auto prompt = row.find("prompt");
  const Cell completion = row.at("completion");
  Sample sample;
  sample.kind = SampleKind::labelled;
  sample.is_desirable = read_label(row.at("label"));
  if (completion.is_text() && !(prompt && is_turns(*prompt))) {
    if (prompt) sample.prompt_text = prompt->text("text, as the completion is");
    sample.completion_text = completion.value().text();
  } else {
    sample.messages = prompt ? read_turns_or_text(*prompt, "user") : Json::array();
    sample.chosen = read_turns_or_text(completion, "assistant");
    sample.tools = read_tools(row.find("tools"));
  }
  accept(std::move(sample), out);
}

}  // namespace

const RowFormat row_format_labelled = {
    .name = "labelled",
    .known_as = "TRL unpaired preference (KTO)",
    .meaning =
        "The prompt with one answer and whether it is desirable. Text is used as it stands; messages go through "
        "the chat template.",
    .rank = 90,
    .columns = kColumns,
    .trainers = kKto,
    .convert = convert,
};

}  // namespace forgelm::data
