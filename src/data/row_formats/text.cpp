// {text}: a text as it stands, all of it learnt.
#include "shared.hpp"

namespace forgelm::data {
extern const RowFormat row_format_text;

namespace {

constexpr ColumnSpec kColumns[] = {{.name = "text", .doc = "the text", .is_required = true}};

void convert(const RowView& row, RowOutcome& out) {
  Sample sample;
  sample.kind = SampleKind::text;
  sample.text = row.text("text");
  accept(std::move(sample), out);
}

}  // namespace

const RowFormat row_format_text = {
    .name = "text",
    .known_as = "plain text, pre-training corpora",
    .meaning = "The text as it stands. All of it is learnt.",
    .rank = 10,
    .columns = kColumns,
    .trainers = kTextTrainers,
    .is_cleaned = true,
    .convert = convert,
};

}  // namespace forgelm::data
