// What is learnt of a conversation: exactly what the assistant wrote and the end of its turns.
#include <algorithm>

#include "forgelm/core/error.hpp"
#include "forgelm/core/files.hpp"
#include "forgelm/core/hash.hpp"
#include "forgelm/core/text.hpp"
#include "forgelm/text/chat_template.hpp"
#include "support/test.hpp"
#include "text/chat_cases.hpp"
#include "text/chat_turns.hpp"

using namespace forgelm;
using namespace forgelm::text;
using namespace forgelm::test;

namespace {

std::vector<std::string> learnt(const ChatTemplate& chat_template, const Conversation& conversation) {
  const RenderedChat chat = chat_template.render(conversation);
  return parts_of(chat.text, chat.learnt);
}

std::vector<std::string> learnt(const std::string& source, const Conversation& conversation) {
  return learnt(template_of(source), conversation);
}

std::string failure_of(const std::string& source, const Conversation& conversation) {
  try {
    template_of(source).render(conversation);
  } catch (const ConfigError& error) {
    return error.what();
  }
  return {};
}

using Parts = std::vector<std::string>;

const Conversation& two_turns() {
  static const Conversation conversation = chat_of({chat_message("user", "one?"), chat_message("assistant", "first"),
                                                    chat_message("user", "two?"), chat_message("assistant", "second")});
  return conversation;
}

/// Conversations whose texts occur nowhere else: {name, conversation}.
std::vector<std::pair<std::string, Conversation>> property_conversations() {
  const auto call = [](const std::string& content) {
    const Json function = Json::object({{"name", "get_weather"}, {"arguments", Json::object({{"city", "Paris"}})}});
    return Json::object(
        {{"role", "assistant"},
         {"content", content},
         {"tool_calls",
          Json::array({Json::object({{"id", "abcdefghi"}, {"type", "function"}, {"function", function}})})}});
  };
  const Json result = Json::object(
      {{"role", "tool"}, {"tool_call_id", "abcdefghi"}, {"name", "get_weather"}, {"content", "TOOLTEXT 21"}});
  const Json tools = Json::array({Json::object(
      {{"type", "function"},
       {"function",
        Json::object(
            {{"name", "get_weather"},
             {"description", "TOOLSCHEMA"},
             {"parameters",
              Json::object({{"type", "object"},
                            {"properties", Json::object({{"city", Json::object({{"type", "string"}})}})}})}})}})});
  const auto user = [](const char* text) { return chat_message("user", text); };
  const auto answer = [](const char* text) { return chat_message("assistant", text); };
  std::vector<std::pair<std::string, Conversation>> all = {
      {"one", chat_of({user("USERTEXT one"), answer("ANSWER one")})},
      {"system", chat_of({chat_message("system", "SYSTEMTEXT"), user("USERTEXT one"), answer("ANSWER one")})},
      {"turns", chat_of({chat_message("system", "SYSTEMTEXT"), user("USERTEXT one"), answer("ANSWER one"),
                         user(" USERTEXT\n\ntwo\n"), answer("  ANSWER two \n"), user("USERTEXT three"),
                         answer("ANSWER three")})},
      {"answer first", chat_of({answer("ANSWER one"), user("USERTEXT one"), answer("ANSWER two")})},
      {"two answers", chat_of({user("USERTEXT one"), answer("ANSWER one"), answer("ANSWER two")})},
      {"two questions", chat_of({user("USERTEXT one"), user("USERTEXT two"), answer("ANSWER one")})},
      {"ends with user", chat_of({user("USERTEXT one"), answer("ANSWER one"), user("USERTEXT two")})},
      {"thinking", chat_of({user("USERTEXT one"), answer("<think>\nhmm\n</think>\n\nANSWER one"), user("USERTEXT two"),
                            answer("<think>\nhmm\n</think>\n\nANSWER two")})},
      {"same words", chat_of({user("USERTEXT x"), answer("ANSWER x"), user("USERTEXT x"), answer("ANSWER x"),
                              user("USERTEXT x"), answer("ANSWER x")})},
      {"blank question", chat_of({user(" "), answer("ANSWER one"), user("USERTEXT two"), answer("ANSWER two")})},
      {"call", chat_of({user("USERTEXT one"), call(""), result, answer("ANSWER two")})},
      {"call at the end", chat_of({user("USERTEXT one"), call("")})},
      {"text and call", chat_of({user("USERTEXT one"), call("ANSWER one"), result, answer("ANSWER two"),
                                 user("USERTEXT two"), answer("ANSWER three")})},
  };
  for (auto& [name, conversation] : all)
    if (name.find("call") != std::string::npos) conversation.tools = tools;
  return all;
}

}  // namespace

TEST_CASE("Learnt of templates without generation blocks: what a reading of each template says") {
  std::size_t num_compared = 0;
  for (const Json& golden : chat_golden("learnt.jsonl")) {
    const std::string source = shared_template(golden.at("template").text());
    if (source.empty()) continue;
    REQUIRE(sha256_hex(source) == golden.at("sha256").text());
    INFO(golden.at("template").text() << ", " << golden.at("name").text());
    CHECK(Json::array_of(learnt(source, conversation_of(golden))) == golden.at("learnt"));
    ++num_compared;
  }
  if (num_compared == 0) FORGELM_SKIP("the shared chat templates are not on this machine");
}

TEST_CASE(
    "Learnt of every shared template and every built-in: all of the assistant's text and nothing of anybody else's") {
  std::vector<std::pair<std::string, std::string>> sources;
  for (const std::string& path : shared_templates()) sources.emplace_back(path, shared_template(path));
  if (sources.empty()) FORGELM_SKIP("the shared chat templates are not on this machine");
  for (const std::string& name : builtin_chat_templates()) sources.emplace_back(name, builtin_chat_template(name));
  int num_rendered = 0;
  for (const auto& [path, source] : sources) {
    const ChatTemplate chat_template = template_of(source);
    for (const auto& [name, conversation] : property_conversations()) {
      INFO(path << ", " << name);
      RenderedChat chat;
      try {
        chat = chat_template.render(conversation);
      } catch (const ConfigError& error) {
        INFO(error.what());
        CHECK(!std::string(error.what()).empty());
        continue;
      }
      ++num_rendered;
      std::string spoken, others;
      std::size_t at = 0;
      for (const ByteSpan& span : chat.learnt) {
        CHECK(span.begin >= at);
        CHECK(span.end > span.begin);
        others += chat.text.substr(at, span.begin - at) + "\n";
        spoken += chat.text.substr(span.begin, span.end - span.begin) + "\n";
        at = span.end;
      }
      others += chat.text.substr(at);
      std::size_t num_answers = 0;
      for (const Json& message : conversation.messages.items()) {
        if (message.at("role") != Json("assistant")) continue;
        const std::string& content = message.at("content").text();
        num_answers += content.find("ANSWER") != std::string::npos ? 1 : 0;
        if (message.find("tool_calls") != nullptr) CHECK(spoken.find("get_weather") != std::string::npos);
      }
      std::size_t num_spoken = 0;
      for (std::size_t found = spoken.find("ANSWER"); found != std::string::npos;
           found = spoken.find("ANSWER", found + 1))
        ++num_spoken;
      CHECK(num_spoken + static_cast<std::size_t>(chat.num_lost_answers) == num_answers);
      CHECK(others.find("ANSWER") == std::string::npos);
      for (const char* foreign : {"USERTEXT", "SYSTEMTEXT", "TOOLTEXT", "TOOLSCHEMA"})
        CHECK(spoken.find(foreign) == std::string::npos);
      CHECK(!chat.contents.empty());
    }
  }
  // Of 70 templates and 13 conversations, those that a template refuses are few: roles that must alternate, tools.
  CHECK(num_rendered > 600);
}

TEST_CASE("The shape of a template found once gives the same as asking it for every turn") {
  std::vector<std::string> sources;
  for (const std::string& path : shared_templates()) sources.push_back(shared_template(path));
  for (const std::string& name : builtin_chat_templates()) sources.emplace_back(builtin_chat_template(name));
  const TokenizerConfig tokens = chat_tokens_config();
  int num_compared = 0;
  for (const std::string& source : sources) {
    const JinjaTemplate jinja("test", source);
    for (const auto& named : property_conversations()) {
      const std::string& name = named.first;
      const Conversation& conversation = named.second;
      const RenderMessages render = [&](const Json::Array& messages, bool add_prompt) -> std::optional<std::string> {
        try {
          return jinja
              .render(Json::object({{"messages", messages},
                                    {"tools", conversation.tools},
                                    {"bos_token", "<s>"},
                                    {"eos_token", "</s>"},
                                    {"add_generation_prompt", add_prompt}}),
                      0)
              .text;
        } catch (const JinjaError&) {
          return std::nullopt;
        }
      };
      const std::optional<MarkAlphabet> alphabet = MarkAlphabet::unused_in(source);
      REQUIRE(alphabet);
      const Json::Array& plain = conversation.messages.items();
      const Json::Array marked = mark_messages(*alphabet, plain, MarkPlaces::after_thinking);
      const std::optional<std::string> text = render(marked, false);
      if (!text) continue;
      const MarkedText whole(*alphabet, *text);
      const RenderedMessages rendered{&*alphabet, marked, plain, whole, MarkPlaces::after_thinking};
      const TurnShape shape = find_shape(render, *alphabet, "</s>");
      const auto turns = [&](const TurnShape* known) {
        std::string out;
        try {
          for (const AssistantTurn& turn : find_turns(render, rendered, "</s>", known))
            out += cat(turn.begin, "-", turn.end, turn.has_end ? " " : "(open) ");
        } catch (const ConfigError& error) {
          out = error.what();
        }
        return out;
      };
      INFO(source.substr(0, 200) << " ... " << name);
      CHECK(turns(&shape) == turns(nullptr));
      ++num_compared;
    }
  }
  CHECK(num_compared > 80);
}

TEST_CASE("The end token is learnt, what the template adds for the next turn is not") {
  CHECK(learnt("{% for m in messages %}<|{{ m.role }}|>\n{{ m.content }}<|end|>\n{% endfor %}{% if "
               "add_generation_prompt %}<|assistant|>\n{% endif %}",
               two_turns()) == Parts{"first<|end|>", "second<|end|>"});
  // Only the last text ends with an end-of-sequence token.
  CHECK(learnt("{% for m in messages %}<|{{ m.role }}|>{{ m.content }}{% endfor %}{% if add_generation_prompt "
               "%}<|assistant|>{% else %}{{ eos_token }}{% endif %}",
               two_turns()) == Parts{"first", "second</s>"});
  // An end token that stands only between turns.
  CHECK(learnt("{% for m in messages %}{% if not loop.first %}<|turn_end|>{% endif %}<|{{ m.role }}|>{{ m.content }}{% "
               "endfor %}{% if add_generation_prompt %}{% if messages %}<|turn_end|>{% endif %}<|assistant|>{% else "
               "%}<|done|>{% endif %}",
               two_turns()) == Parts{"first<|turn_end|>", "second<|done|>"});
  // White space is all that ends a turn.
  CHECK(learnt("{% for m in messages %}{{ m.role }}: {{ m.content }}\n\n{% endfor %}{% if add_generation_prompt "
               "%}assistant:{% endif %}",
               two_turns()) == Parts{" first\n\n", " second\n\n"});
}

TEST_CASE("Without a generation prompt, what the template writes before answers is found by a probe") {
  CHECK(learnt("{% for m in messages %}<{{ m.role }}>{{ m.content }}</s>{% endfor %}", two_turns()) ==
        Parts{"first</s>", "second</s>"});
  CHECK(learnt("{% for m in messages %}{% if m.role == 'user' %}[INST] {{ m.content }} [/INST]{% else %} {{ m.content "
               "}}</s>{% endif %}{% endfor %}",
               two_turns()) == Parts{" first</s>", " second</s>"});
}

TEST_CASE("History that the template rewrites does not hide what is learnt") {
  const std::string source =
      "{% set ns = namespace(last=-1) %}{% for m in messages %}{% if m.role == 'user' %}{% set ns.last = loop.index0 "
      "%}{% endif %}{% endfor %}"
      "{% for m in messages %}<{{ m.role }}>{% if m.role == 'assistant' and loop.index0 < ns.last %}{{ "
      "m.content.split('</think>')[-1].lstrip('\\n') }}"
      "{% else %}{{ m.content }}{% endif %}<end>{% endfor %}{% if add_generation_prompt %}<assistant>{% endif %}";
  const Conversation conversation =
      chat_of({chat_message("user", "one?"), chat_message("assistant", "<think>\nhm\n</think>\n\nfirst"),
               chat_message("user", "two?"), chat_message("assistant", "<think>\nhm\n</think>\n\nsecond")});
  CHECK(learnt(source, conversation) == Parts{"first<end>", "<think>\nhm\n</think>\n\nsecond<end>"});
}

TEST_CASE("What cannot be told apart is refused") {
  // The answers come after all questions: no turn is where its prompt is.
  CHECK_THAT(failure_of("{% for m in messages if m.role == 'user' %}[{{ m.content }}]{% endfor %}{% for m in messages "
                        "if m.role != 'user' %}({{ m.content | reverse }}){% endfor %}",
                        two_turns()),
             Catch::Contains("of the conversation") && Catch::Contains("the template writes its text"));
  CHECK_THAT(
      failure_of(
          "{% for m in messages %}<{{ m.role }}>{% if m.role == 'user' %}{{ m.content }}{% endif %}<end>{% endfor %}",
          two_turns()),
      Catch::Contains("message 2 of the conversation (assistant)") && Catch::Contains("leaves out"));
}

TEST_CASE("Generation blocks say what is learnt; an end token that directly follows is learnt with them") {
  const std::string tail = "{% if add_generation_prompt %}<|assistant|>{% endif %}";
  CHECK(learnt("{% for m in messages %}<|{{ m.role }}|>{% if m.role == 'assistant' %}{% generation %}{{ m.content "
               "}}<|end|>{% endgeneration %}\n{% else %}{{ m.content }}<|end|>\n{% endif %}{% endfor %}" +
                   tail,
               two_turns()) == Parts{"first<|end|>", "second<|end|>"});
  CHECK(learnt("{% for m in messages %}<|{{ m.role }}|>{% if m.role == 'assistant' %}{% generation %}{{ m.content }}{% "
               "endgeneration %}<|end|>\n{% else %}{{ m.content }}<|end|>\n{% endif %}{% endfor %}" +
                   tail,
               two_turns()) == Parts{"first<|end|>", "second<|end|>"});
  // An answer that looks like an end token is not one.
  CHECK(learnt("{% for m in messages %}<|{{ m.role }}|>{% if m.role == 'assistant' %}{% generation %}{{ m.content }}{% "
               "endgeneration %}<|end|>\n{% else %}{{ m.content }}<|end|>\n{% endif %}{% endfor %}" +
                   tail,
               chat_of({chat_message("user", "say it"), chat_message("assistant", "<|end|>")})) ==
        Parts{"<|end|><|end|>"});
  // Only the last answer is in a block: that is what its author wants.
  CHECK(learnt("{% for m in messages %}<|{{ m.role }}|>{% if loop.last %}{% generation %}{{ m.content }}<|end|>{% "
               "endgeneration %}{% else %}{{ m.content }}<|end|>{% endif %}{% endfor %}" +
                   tail,
               two_turns()) == Parts{"second<|end|>"});
  CHECK_THAT(failure_of("{% for m in messages %}<|{{ m.role }}|>{% generation %}{{ m.content }}<|end|>{% endgeneration "
                        "%}{% endfor %}" +
                            tail,
                        two_turns()),
             Catch::Contains("message 1 of the conversation (user)") && Catch::Contains("generation blocks"));
  CHECK_THAT(failure_of("{% for m in messages %}<|{{ m.role }}|>{% generation %}{{ m.content }}{% endgeneration "
                        "%}<|end|>{% endfor %}" +
                            tail,
                        two_turns()),
             Catch::Contains("message 1 of the conversation (user)") && Catch::Contains("generation blocks"));
}

TEST_CASE("Blocks in a macro, whose text may go anywhere, do not hide what is learnt") {
  CHECK(learnt("{% macro say(m) %}{% generation %}{{ m.content }}<|end|>{% endgeneration %}{% endmacro %}"
               "{% for m in messages %}<|{{ m.role }}|>{% if m.role == 'assistant' %}{{ say(m) }}{% else %}{{ "
               "m.content }}<|end|>"
               "{% endif %}{% endfor %}{% if add_generation_prompt %}<|assistant|>{% endif %}",
               two_turns()) == Parts{"first<|end|>", "second<|end|>"});
}

TEST_CASE("Texts with characters of private use, and both planes of them, are rendered and learnt") {
  const std::string source =
      "{% for m in messages %}<|{{ m.role }}|>{{ m.content }}<|end|>{% endfor %}{% if add_generation_prompt "
      "%}<|assistant|>{% endif %}";
  const std::string plane_15 = "\xF3\xB0\x80\x80", plane_16 = "\xF4\x80\x80\x80";
  const Conversation one = chat_of({chat_message("user", "a" + plane_15), chat_message("assistant", "b" + plane_15)});
  CHECK(learnt(source, one) == Parts{"b" + plane_15 + "<|end|>"});
  CHECK(template_of(source).render(one).contents.size() == 2);
  const Conversation both = chat_of({chat_message("user", plane_15), chat_message("assistant", "b" + plane_16)});
  CHECK(learnt(source, both) == Parts{"b" + plane_16 + "<|end|>"});
  CHECK(template_of(source).render(both).contents.empty());
}

TEST_CASE("Contents are found where the template put them") {
  const Conversation conversation = chat_of({chat_message("system", " Be brief. "), chat_message("user", "<q>2+2?</q>"),
                                             chat_message("assistant", "<think>\nhm\n</think>\n\n4")});
  const RenderedChat chat = builtin_template("llama3").render(conversation);
  std::vector<std::string> contents;
  for (const ChatContent& content : chat.contents)
    contents.push_back(chat.text.substr(content.span.begin, content.span.end - content.span.begin));
  CHECK(contents == Parts{"Be brief.", "<q>2+2?</q>", "<think>\nhm\n</think>\n\n4"});
  CHECK(chat.contents[2].is_assistant);
  CHECK(!chat.contents[1].is_assistant);
}

TEST_CASE("A conversation of a thousand turns costs a few renderings, not thousands") {
  Conversation conversation;
  for (int i = 0; i < 1000; ++i) {
    conversation.messages.push(chat_message("user", cat("question ", i)));
    conversation.messages.push(chat_message("assistant", cat("answer ", i)));
  }
  int num_renderings = 0;
  const MarkAlphabet alphabet = *MarkAlphabet::unused_in("");
  const RenderMessages render = [&](const Json::Array& messages, bool add_prompt) -> std::optional<std::string> {
    ++num_renderings;
    std::string out;
    for (const Json& message : messages)
      out += cat("<", message.at("role").text(), ">", message.at("content").text(), "<end>");
    return out + (add_prompt ? "<assistant>" : "");
  };
  const TurnShape shape = find_shape(render, alphabet, "");
  num_renderings = 0;
  const Json::Array& plain = conversation.messages.items();
  const Json::Array marked = mark_messages(alphabet, plain, MarkPlaces::edges);
  const MarkedText whole(alphabet, *render(marked, false));
  CHECK(find_turns(render, {&alphabet, marked, plain, whole, MarkPlaces::edges}, "", &shape).size() == 1000);
  CHECK(num_renderings <= 3);
}
