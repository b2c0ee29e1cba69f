// Turns of conversations: marks, presets, rules of quality, and the YAML twin of the options.
#include "ingest/conversation.hpp"

#include "forgelm/core/error.hpp"
#include "forgelm/core/files.hpp"
#include "support/temporary_directory.hpp"
#include "support/test.hpp"

using namespace forgelm;
using ingest::ConversationOptions;
using ingest::RolePreset;

namespace {

/// "user: text | assistant: text" of every conversation kept, a line each.
std::string read(const ConversationOptions& options, std::string_view text) {
  std::string out;
  for (const auto& conversation : ingest::ConversationReader(options).read(text).kept) {
    for (std::size_t i = 0; i < conversation.messages.size(); ++i)
      out += (i == 0 ? "" : " | ") + to_text(conversation.messages[i].role) + ": " + conversation.messages[i].content;
    out += "\n";
  }
  return out;
}

ConversationOptions with_roles(const std::vector<std::string>& roles) {
  ConversationOptions options;
  for (const std::string& role : roles) options.participants.push_back(ingest::parse_participant(role));
  return options;
}

}  // namespace

TEST_CASE("without roles the usual marks begin turns, and turns have several lines") {
  const std::string text = "# A talk\n\n**User**: Hello\nthere.\n\nStill me.\n\n**Assistant**: Hi!\n\n- one\n- two\n";
  CHECK(read({}, text) == "user: Hello\nthere.\n\nStill me. | assistant: Hi!\n\n- one\n- two\n");
  CHECK(ingest::ConversationReader({}).read(text).num_outside == 8);  // "# A talk"
  CHECK(read({}, "human: a\nAI: b\nHUMAN: c\nai: d\n") == "user: a | assistant: b | user: c | assistant: d\n");
  CHECK(read({}, "System: be brief\nHuman: a\nAI: b") == "system: be brief | user: a | assistant: b\n");
}

TEST_CASE("asterisks mean themselves, also where marks are regular expressions too") {
  auto options = with_roles({"user=**User**:", "assistant=**Bot**:"});
  CHECK(read(options, "**User**: a\n**Bot**: b") == "user: a | assistant: b\n");
  options.uses_regex = true;
  CHECK_THROWS_AS(ingest::ConversationReader(options), ConfigError);  // no expression: the user is told
  options = with_roles({R"(user=re:\*\*User\d*\*\*:)", "assistant=**Bot**:"});
  CHECK(read(options, "**User7**: a\n**Bot**: b\n**User**: c\n**Bot**: d") ==
        "user: a | assistant: b | user: c | assistant: d\n");
  options = with_roles({R"(user=U\d+:)", "assistant=B.:"});
  options.uses_regex = true;
  CHECK(read(options, "U12: a\nB7: b\nU\\d+: c\nB.: d") == "user: a | assistant: b | user: c | assistant: d\n");
}

TEST_CASE("a mark counts at the start of a line only, and the longer one first") {
  const auto options = with_roles({"user=Q", "assistant=QA:"});
  CHECK(read(options, "Q one, QA: two\n  QA: three") == "user: one, QA: two | assistant: three\n");
}

TEST_CASE("upper and lower case are told apart when asked for") {
  auto options = with_roles({"user=ann:", "assistant=bot:"});
  CHECK(read(options, "ANN: a\nBot: b") == "user: a | assistant: b\n");
  options.is_case_sensitive = true;
  CHECK(read(options, "ANN: a\nBot: b").empty());
  CHECK(read(options, "ann: a\nbot: b\nBot: is text") == "user: a | assistant: b\nBot: is text\n");
}

TEST_CASE("presets know ChatML and the old XML form") {
  ConversationOptions options;
  options.presets = {RolePreset::chatml};
  CHECK(read(options,
             "<|im_start|>system\nS<|im_end|>\n<|im_start|>user\nHi\nyou<|im_end|>\nnoise\n<|im_start|>assistant\nYes<|"
             "im_end|>\n") == "system: S | user: Hi\nyou | assistant: Yes\n");
  options.presets = {RolePreset::xml};
  CHECK(read(options,
             "x <conversation>\n<message from=\"user\"> a\nb </message>\n<message from='assistant'>c</message>"
             "<message from=\"other\">d</message></conversation> y <conversation><message from=\"user\">only"
             "</message></conversation><conversation><message from=\"user\">open") == "user: a\nb | assistant: c\n");
}

TEST_CASE("turns of one participant in a row become one, and what has no answer goes") {
  CHECK(read({}, "Human: a\nHuman: b\nAI: c\nHuman: d") == "user: a\n\nb | assistant: c\n");
  CHECK(ingest::ConversationReader({}).read("Human: a\nHuman: b").num_left_out == 1);
  ConversationOptions options;
  options.quality.requires_answer = false;
  CHECK(read(options, "Human: a\nAI: c\nHuman: d") == "user: a | assistant: c | user: d\n");
}

TEST_CASE("rules of quality leave conversations out") {
  ConversationOptions options;
  const std::string text = "Human: \xC3\xA4\xC3\xA4\nAI: bbb";
  options.quality.min_turn_chars = 2;
  CHECK_FALSE(read(options, text).empty());
  options.quality.min_turn_chars = 3;
  CHECK(read(options, text).empty());
  options.quality.min_turn_chars = 1;
  options.quality.max_turn_chars = 2;
  CHECK(read(options, text).empty());
  options.quality.max_turn_chars = 3;
  CHECK_FALSE(read(options, text).empty());
  options.quality.min_turns = 3;
  CHECK(read(options, text).empty());
  options.quality.min_turns = 1;
  options.quality.max_turns = 1;
  CHECK(read(options, text).empty());
  CHECK(read({}, "Human: \nAI: an answer to nothing").empty());
}

TEST_CASE("a separator ends a conversation, and a system prompt comes before those without one") {
  ConversationOptions options;
  options.separator = "---";
  options.system_prompt = "Be kind.";
  CHECK(read(options, "Human: a\nAI: b\n---\nnot a turn\nSystem: own\nHuman: c\nAI: d\n --- \n") ==
        "system: Be kind. | user: a | assistant: b\nsystem: own | user: c | assistant: d\n");
}

TEST_CASE("roles are checked") {
  CHECK_THROWS_AS(ingest::parse_participant("user"), ConfigError);
  CHECK_THROWS_AS(ingest::parse_participant("boss=x"), ConfigError);
  CHECK_THROWS_AS(ingest::ConversationReader(with_roles({"user="})), ConfigError);
  CHECK_THROWS_AS(ingest::ConversationReader(with_roles({"user=re:("})), ConfigError);
  CHECK_THROWS_AS(ingest::ConversationReader(with_roles({"user=re:(a+)+"})), ConfigError);
  CHECK(ingest::parse_participant("assistant=a=b").mark == "a=b");
}

TEST_CASE("an expression that takes too many steps is an error, and never means that there is no turn") {
  const auto options = with_roles({"user=re:(?:a|aa|a+|b)+c", "assistant=B:"});
  CHECK_THROWS_AS(read(options, std::string(60, 'a') + "!c"), RunError);
}

TEST_CASE("the options may stand in a file") {
  const test::TemporaryDirectory folder;
  const auto file = folder / "talk.yaml";
  write_file_durably(file,
                     "ingest:\n  participants:\n    user: ['**Ann**:', 're:A\\d:']\n    assistant: 'Bot:'\n"
                     "  use_regex: false\n  case_sensitive: true\n  role_preset: human-ai\n  separator: '---'\n"
                     "  system_prompt: S\n  quality: {min_turns: 1, max_turns: 9, requires_answer: false}\n");
  ConversationOptions options;
  ingest::read_conversation_options(file, options);
  CHECK(read(options, "**Ann**: a\nBot: b\nA7: c") == "system: S | user: a | assistant: b | user: c\n");
  CHECK(options.presets == std::vector<RolePreset>{RolePreset::human_ai});
  CHECK(options.quality.max_turns == 9);

  const auto message = [&](const char* yaml) -> std::string {
    write_file_durably(file, yaml);
    ConversationOptions unused;
    try {
      ingest::read_conversation_options(file, unused);
    } catch (const ConfigError& error) {
      return std::string(error.what()).substr(file.native().size());
    }
    return "";
  };
  CHECK(message("a: 1\n") == ":1:1: there is no `ingest` in it");
  CHECK(message("ingest:\n  participant: {}\n").find(":2:3: there is no such key in ingest: participant;") == 0);
  CHECK(message("ingest:\n  participants: {boss: x}\n").find(":2:18: there is no role \"boss\"") == 0);
  CHECK(message("ingest:\n  participants: {user: [1]}\n") == ":2:25: user must be a text");
  CHECK(message("ingest:\n  quality: {min_turns: -1}\n").find(":2:24: min_turns must be") == 0);
  CHECK(message("ingest:\n  role_preset: none\n").find("there is no preset \"none\"; there are default,") !=
        std::string::npos);
}
