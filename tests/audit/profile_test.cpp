// The profile of a data set: columns, damage of encoding, and that it is the same for any number of threads.
#include "forgelm/audit/profile.hpp"

#include <algorithm>
#include <fstream>
#include <map>
#include <set>

#include "audit/encoding_damage.hpp"
#include "audited.hpp"
#include "forgelm/audit/audit.hpp"
#include "forgelm/core/text.hpp"
#include "support/temporary_directory.hpp"
#include "support/test.hpp"

namespace {

using namespace forgelm;
using namespace forgelm::audit;
using test::TemporaryDirectory;

AuditReport audited_rows(const TemporaryDirectory& folder, std::string_view rows, int num_workers = 1) {
  std::ofstream(folder.path() / "rows.jsonl") << rows;
  return audited(folder.path() / "rows.jsonl", num_workers);
}

const ColumnProfile& column(const AuditReport& report, std::string_view path) {
  const auto& columns = report.splits.at(0).profile.columns.columns;
  const auto at = std::find_if(columns.begin(), columns.end(), [&](const auto& item) { return item.path == path; });
  REQUIRE(at != columns.end());
  return *at;
}

std::uint64_t num_of(const ColumnProfile& column, ValueType type) {
  return column.num_of[static_cast<std::size_t>(type)];
}

/// "mojibake 0 4" for each place of `text`.
std::vector<std::string> damage_in(std::string_view text) {
  std::vector<DamageSpan> spans;
  find_damage(text, spans);
  std::vector<std::string> out;
  for (const DamageSpan& span : spans) out.push_back(cat(to_text(span.kind), " ", span.begin, " ", span.end));
  return out;
}

bool has_mojibake(std::string_view text) {
  std::vector<DamageSpan> spans;
  find_damage(text, spans);
  return std::any_of(spans.begin(), spans.end(), [](const auto& span) { return span.kind == Damage::mojibake; });
}

std::string utf8(std::u32string_view text) {
  std::string out;
  for (const char32_t c : text) append_utf8(out, c);
  return out;
}

/// What becomes of `text` whose bytes are read as Latin-1.
std::string as_latin1(std::u32string_view text) {
  std::string out;
  for (const char c : utf8(text)) append_utf8(out, static_cast<unsigned char>(c));
  return out;
}

TEST_CASE("the seven rules for names of columns take any case, hyphens and spaces") {
  for (const char* name : {"SSN", "user-ssn-hash", "Social Security", "social-security_no", "CREDIT CARD", "passport",
                           "PassportNumber", "Phone Number", "phone-number", "email_address", "Date-of-Birth"}) {
    INFO(name);
    CHECK(column_name_rule(name) != nullptr);
  }
  for (const char* name : {"email", "phone", "dateofbirth", "birth_date", "text", "card", "social", ""}) {
    INFO(name);
    CHECK(column_name_rule(name) == nullptr);
  }
  CHECK(column_name_rule("Credit Card")->part == "credit_card");
}

TEST_CASE("names of columns are looked at wherever they stand, once a path") {
  const TemporaryDirectory folder;
  std::ofstream(folder.path() / "train.jsonl") << R"({"text": "a", "user": {"SSN": 1, "Phone Number": 2}})"
                                               << "\n"
                                               << R"({"text": "b", "people": [{"passport": "c"}]})"
                                               << "\n";
  std::ofstream(folder.path() / "test.jsonl") << R"({"text": "d", "user": {"SSN": 1}})"
                                              << "\n";
  const AuditReport report = audited(folder.path());
  const Json schema = to_json(report).at("schema_pii");
  CHECK(
      dump(schema) ==
      R"({"fields_checked": 6, "flagged_fields": [)"
      R"({"path": "user.SSN", "rule": "ssn", "risk": "high", "splits": ["train", "test"]}, )"
      R"({"path": "user.Phone Number", "rule": "phone_number", "risk": "medium", "splits": ["train"]}, )"
      R"({"path": "people[].passport", "rule": "passport", "risk": "high", "splits": ["train"]}], "pii_risk": "high"})");
  CHECK(summary_text(report, false).find("Column names   : user.SSN (ssn), ") != std::string::npos);
}

TEST_CASE("absent, null and empty values are counted for each column, at all depths") {
  const TemporaryDirectory folder;
  const AuditReport report = audited_rows(folder,
                                          "{\"text\": \"a\", \"note\": null, \"turns\": [{\"from\": \"x\"}, {}]}\n"
                                          "{\"text\": \" \\t\", \"turns\": [{\"from\": null}]}\n"
                                          "[1]\n"
                                          "{\"text\": \"\", \"note\": \"n\", \"turns\": []}\n");
  CHECK(column(report, "text").num_places == 3);
  CHECK(column(report, "text").num_missing() == 0);
  CHECK(column(report, "text").num_empty == 2);
  CHECK(column(report, "note").num_missing() == 1);
  CHECK(column(report, "note").num_null() == 1);
  CHECK(column(report, "turns[]").num_places == 3);
  CHECK(column(report, "turns[].from").num_places == 3);
  CHECK(column(report, "turns[].from").num_missing() == 1);
  CHECK(column(report, "turns[].from").num_null() == 1);
}

TEST_CASE("a column whose type changes names the types with their first lines; null is no type") {
  const TemporaryDirectory folder;
  const AuditReport report = audited_rows(
      folder, "{\"a\": null, \"b\": 1}\n\n{\"a\": \"x\", \"b\": 2.5}\n{\"a\": 7, \"b\": -3}\n{\"a\": \"y\"}\n");
  CHECK(column(report, "a").num_types() == 2);
  CHECK(num_of(column(report, "a"), ValueType::string) == 2);
  const Json columns = to_json(report).at("columns").at("train").at("columns");
  CHECK(dump(columns.items()[0].at("type_drift")) ==
        R"([{"type": "number", "count": 1, "first_line": 4}, {"type": "string", "count": 2, "first_line": 3}])");
  CHECK(columns.items()[1].find("type_drift") == nullptr);
  CHECK(summary_text(report, false).find("type drift      : a: number=1 from line 4, string=2 from line 3") !=
        std::string::npos);
}

TEST_CASE("objects that are maps do not become columns without end, and repeated keys are counted") {
  const TemporaryDirectory folder;
  std::string rows;
  for (int i = 0; i < 3000; ++i) rows += cat(R"({"map": {"k)", i, R"(": 1}, "x": 1, "x": 2})", "\n");
  const ColumnsProfile& columns = audited_rows(folder, rows).splits.at(0).profile.columns;
  CHECK(columns.num_repeated_keys == 3000);
  CHECK(columns.num_untracked_keys == 3000 - 1024);
  CHECK(columns.columns.size() == 1024 + 2);
  CHECK(columns.columns.back().num_present() == 3000);
}

TEST_CASE("UTF-8 read as Latin-1 or Windows-1252 is found, with what it was") {
  CHECK(damage_in("caf\xC3\x83\xC2\xA9") == std::vector<std::string>{"mojibake 3 7"});
  CHECK(unscrambled("\xC3\x83\xC2\xA9") == "\xC3\xA9");
  // "don't" with a curly apostrophe, by Windows-1252: a-circumflex, euro, trade mark.
  CHECK(unscrambled(utf8(U"\u00E2\u20AC\u2122")) == "\xE2\x80\x99");
  CHECK(has_mojibake(utf8(U"don\u00E2\u20AC\u2122t")));
  CHECK(has_mojibake(utf8(U"\u00F0\u0178\u02DC\u20AC")));                // a smiling face
  CHECK(has_mojibake(utf8(U"costs \u00C2\u00A35")));                     // a pound sign
  CHECK(has_mojibake(utf8(U"Ma\u00C3\u00B1ana \u00C3\u00A0 la fois")));  // n with tilde
  for (const std::u32string_view text :
       {U"\u4E2D\u6587", U"\u0440\u0443\u0441\u0441\u043A\u0438\u0439", U"\u03B5\u03BB\u03BB\u03B7\u03BD",
        U"\u05E9\u05DC\u05D5\u05DD", U"\u0627\u0644\u0639", U"\u0939\u093F\u0928", U"\u015F\u0131k", U"na\u00EFve"})
    CHECK(has_mojibake(as_latin1(text)));
}

TEST_CASE("what people write in many languages is not mojibake") {
  for (const std::u32string_view text : {U"N\u00C3O",
                                         U"\u201CIRM\u00C3\u201D",
                                         U"\u201C\u00C3\u201D",
                                         U"AMANH\u00C3\u2026",
                                         U"CAF\u00C9\u00BB",
                                         U"\u00AB CAF\u00C9 \u00BB",
                                         U"\u201CMEN\u00DC\u201D",
                                         U"\u201ESpa\u00DF\u201C",
                                         U"Spa\u00DF\u2026",
                                         U"\u201Cblas\u00E9\u201D\u2026",
                                         U"d\u00E9j\u00E0\u00A0\u00BB",
                                         U"2\u00D7\u00BD",
                                         U"4.5 \u00C5\u00B2",
                                         U"P\u00C5\u201D",
                                         U"\u00C2GE",
                                         U"\u00D6\u2013\u00DC",
                                         U"\u4E2D\u6587",
                                         U"\u00C4\u00D6\u00DC",
                                         U"\u00E2\u00EA\u00EE\u00F4\u00FB",
                                         U"\u00D1\u00A0",
                                         U"VI\u00CA\u0303",
                                         U"20\u00B0C \u00B1 \u00BD"}) {
    INFO(utf8(text));
    CHECK_FALSE(has_mojibake(utf8(text)));
  }
}

TEST_CASE("controls, marks and characters without width are told apart") {
  CHECK(damage_in("a\tb\nc\r\n\v\f d") == std::vector<std::string>{});
  CHECK(damage_in(std::string("a\0b\x1B[1m\x7F", 8)) ==
        std::vector<std::string>{"control_character 1 2", "control_character 3 4", "control_character 7 8"});
  CHECK(damage_in(utf8(U"l\u0092eau")) == std::vector<std::string>{"c1_control 1 3"});
  CHECK(damage_in(utf8(U"x\uFEFFy\uFFFDz")) ==
        std::vector<std::string>{"byte_order_mark 1 4", "replacement_character 5 8"});
  CHECK(damage_in(utf8(U"a\u200Bb\u2060c\u202Ed")) ==
        std::vector<std::string>{"zero_width 1 4", "zero_width 5 8", "bidi_control 9 12"});
  CHECK(damage_in(utf8(U"ab\U000E0068\U000E0069")) == std::vector<std::string>{"zero_width 2 6", "zero_width 6 10"});
  CHECK(damage_in(utf8(U"pass\u200Dword")) == std::vector<std::string>{"zero_width 4 7"});
}

TEST_CASE("joiners and breaks that scripts need, and flags, are no damage") {
  for (const std::u32string_view text :
       {U"\u0645\u06CC\u200C\u062E\u0648\u0627\u0647\u0645", U"\U0001F468\u200D\U0001F469", U"\u0E44\u0E17\u200B\u0E22",
        U"\U0001F3F4\U000E0067\U000E0062\U000E0065\U000E006E\U000E0067\U000E007F", U"\u05D0\u200F",
        U"a\u00A0b\u2009c"}) {
    INFO(utf8(text));
    CHECK(damage_in(utf8(text)).empty());
  }
}

TEST_CASE("damage is found wherever it stands among ordinary bytes") {
  for (std::size_t at = 0; at < 40; ++at) {
    std::string text(40, 'x');
    text[at] = '\x01';
    CHECK(damage_in(text) == std::vector<std::string>{cat("control_character ", at, " ", at + 1)});
    text.replace(at, 1, "\xEF\xBF\xBD");
    CHECK(damage_in(text) == std::vector<std::string>{cat("replacement_character ", at, " ", at + 3)});
  }
}

TEST_CASE("bytes that are not UTF-8, half pairs in escapes and replacement characters are three things") {
  const TemporaryDirectory folder;
  const AuditReport report = audited_rows(
      folder,
      std::string(
          "{\"text\": \"a\xFF b\"}\n{\"text\": \"c \\ud83d d\"}\n{\"text\": \"e \xEF\xBF\xBD\xEF\xBF\xBD\"}\n") +
          "{\"text\": \"fine\", \"m\": [{\"content\": \"\xC3\xA9t\xC3\x83\xC2\xA9\"}]}\n");
  const EncodingProfile& encoding = report.splits.at(0).profile.encoding;
  const auto places = [&](Damage kind) { return encoding.num_places[static_cast<std::size_t>(kind)]; };
  CHECK(places(Damage::invalid_utf8) == 1);
  CHECK(places(Damage::lone_surrogate) == 1);
  CHECK(places(Damage::replacement_character) == 2);
  CHECK(encoding.num_rows[static_cast<std::size_t>(Damage::replacement_character)] == 1);
  CHECK(encoding.num_damaged_rows == 4);
  REQUIRE(encoding.places.size() == 5);
  CHECK(encoding.places[4].line == 4);
  CHECK(encoding.places[4].row == 3);
  CHECK(encoding.places[4].field == "m[0].content");
  CHECK(encoding.places[4].begin == 2);
  CHECK(encoding.places[4].found == "U+00C3 U+00A9");
  CHECK(encoding.places[4].meant == "U+00E9");
}

TEST_CASE("pairs are weighed without the prompt that both share, in every form that rows have") {
  const TemporaryDirectory folder;
  const AuditReport report = audited_rows(
      folder,
      // Texts with a prompt, and dialogues that share theirs.
      "{\"prompt\": \"Say it\", \"chosen\": \"longer answer\", \"rejected\": \"short\"}\n"
      "{\"prompt\": \"Say it\", \"chosen\": \"same\", \"rejected\": \"same\"}\n"
      "{\"prompt\": \"Else\", \"chosen\": \" \", \"rejected\": \"\"}\n"
      "{\"chosen\": \"\\n\\nHuman: Hi\\n\\nAssistant: no\", \"rejected\": \"\\n\\nHuman: Hi\\n\\nAssistant: yes\"}\n"
      // Conversations, whole and in turns.
      "{\"chosen\": [{\"role\": \"user\", \"content\": \"Hello\"}, {\"role\": \"assistant\", \"content\": \"1234\"}],"
      " \"rejected\": [{\"role\": \"user\", \"content\": \"Hello\"}, {\"role\": \"assistant\", \"content\": \"12\"}]}\n"
      "{\"conversations\": [{\"from\": \"human\", \"value\": \"Hello\"}],"
      " \"chosen\": {\"from\": \"gpt\", \"value\": \"\u00e9\"}, \"rejected\": {\"from\": \"gpt\", \"value\": "
      "\"\u00e9\u00e9\"}}\n");
  const LabelsProfile& labels = report.splits.at(0).profile.labels;
  CHECK(labels.pairs.num_rows == 6);
  CHECK(labels.pairs.num_identical == 1);
  CHECK(labels.pairs.num_empty_chosen == 1);
  CHECK(labels.pairs.num_empty_rejected == 1);
  CHECK(labels.pairs.num_chosen_longer == 3);    // "longer answer", " ", "1234"
  CHECK(labels.pairs.num_rejected_longer == 2);  // "Assistant: yes", two letters
  CHECK(labels.pairs.chosen_characters == 13 + 4 + 1 + 13 + 4 + 1);
  CHECK(labels.pairs.rejected_characters == 5 + 4 + 0 + 14 + 2 + 2);
  CHECK(labels.num_prompts == 4);
  CHECK(labels.num_repeated_prompts == 2);
  CHECK(summary_text(report, false).find("pairs=6 chosen longer=50.0% identical=1 empty=1/1 repeated prompts=2") !=
        std::string::npos);
}

TEST_CASE("labelled answers are counted by their labels in the spellings that training takes") {
  const TemporaryDirectory folder;
  const AuditReport report = audited_rows(folder,
                                          "{\"prompt\": \"p\", \"completion\": \"abc\", \"label\": true}\n{\"prompt\": "
                                          "\"p\", \"completion\": \"\", \"label\": 0}\n"
                                          "{\"prompt\": \"q\", \"completion\": \"ab\", \"label\": "
                                          "\"False\"}\n{\"prompt\": \"q\", \"response\": \"ab\", \"kto_tag\": 1}\n"
                                          "{\"prompt\": \"r\", \"completion\": \"ab\", \"label\": "
                                          "\"good\"}\n{\"prompt\": \"r\", \"completion\": \"ab\", \"label\": null}\n"
                                          "{\"messages\": [{\"role\": \"user\", \"content\": \"p\"}, {\"role\": "
                                          "\"assistant\", \"content\": \"abcde\"}], \"label\": true}\n"
                                          "{\"text\": \"no answer\", \"label\": true}\n");
  const LabelsProfile& labels = report.splits.at(0).profile.labels;
  CHECK(labels.labels.num_rows == 7);
  CHECK(labels.labels.num_desirable == 3);
  CHECK(labels.labels.num_undesirable == 2);
  CHECK(labels.labels.num_unreadable == 2);
  CHECK(labels.labels.num_empty == 1);
  CHECK(labels.labels.desirable_characters == 3 + 2 + 5);
  CHECK(labels.labels.undesirable_characters == 2);
  CHECK(labels.num_prompts == 3);
  CHECK(labels.num_repeated_prompts == 4);
  CHECK(labels.pairs.num_rows == 0);
}

TEST_CASE("columns that repeat a few short values show their balance, masked; others do not") {
  const TemporaryDirectory folder;
  std::string rows;
  for (int i = 0; i < 30; ++i)
    rows += cat(R"({"text": "row )", i, R"(", "label": ")", i % 10 == 0 ? "spam" : "ham", R"(", "n": )", i % 2,
                R"(, "from": "a.b@mail.de", "long": ")", std::string(65, 'x'), "\"}\n");
  const AuditReport report = audited_rows(folder, rows);
  CHECK(dump(to_json(report).at("labels").at("train").at("columns")) ==
        R"([{"path": "label", "rows": 30, "distinct": 2, "majority_share": 0.9, "values": )"
        R"([{"value": "ham", "count": 27, "share": 0.9}, {"value": "spam", "count": 3, "share": 0.1}]}, )"
        R"({"path": "n", "rows": 30, "distinct": 2, "majority_share": 0.5, "values": )"
        R"([{"value": "0", "count": 15, "share": 0.5}, {"value": "1", "count": 15, "share": 0.5}]}, )"
        R"({"path": "from", "rows": 30, "distinct": 1, "majority_share": 1.0, "values": )"
        R"([{"value": "[REDACTED]", "count": 30, "share": 1.0}]}])");
}

TEST_CASE("the profile is the same for any number of threads, over many blocks") {
  const TemporaryDirectory folder;
  std::string rows;
  for (int i = 0; i < 60000; ++i)
    rows += cat(R"({"text": "row )", i, i % 977 == 0 ? "\\u0001" : "", R"( \u00c3\u00a9", "n": )",
                i % 1000 == 999 ? "\"x\"" : "1", R"(, "k)", i % 1500, R"(": {"l": ")", i % 3, R"("}, "chosen": ")",
                i % 7, R"(", "rejected": "b"})", "\n");
  const auto text_of = [&](int num_workers) {
    AuditReport report = audited_rows(folder, rows, num_workers);
    report.generated_at.clear();
    CHECK(column(report, "n").num_present() == 60000);
    CHECK(column(report, "n").first_line[static_cast<std::size_t>(ValueType::string)] == 1000);
    return dump(to_json(report));
  };
  const std::string one = text_of(1);
  CHECK(one.find(R"("control_character": {"places": 62, "rows": 62})") != std::string::npos);
  CHECK(text_of(3) == one);
}

}  // namespace
