// Chat templates against transformers and the Python original, and what model.chat_template may name.
#include "forgelm/text/chat_template.hpp"

#include "forgelm/core/error.hpp"
#include "forgelm/core/files.hpp"
#include "support/temporary_directory.hpp"
#include "support/test.hpp"
#include "text/chat_cases.hpp"

using namespace forgelm;
using namespace forgelm::text;
using namespace forgelm::test;

namespace {

std::string rendered(const ChatTemplate& chat_template, const Json& golden) {
  const Conversation conversation = conversation_of(golden);
  if (golden.find("add_generation_prompt") != nullptr)
    return chat_template.render_prompt(conversation, SystemFallback::error).text;
  return chat_template.render(conversation, SystemFallback::error).text;
}

std::string failure_of(const ChatTemplate& chat_template, const Conversation& conversation,
                       SystemFallback fallback = SystemFallback::merge_user) {
  try {
    chat_template.render(conversation, fallback);
  } catch (const ConfigError& error) {
    return std::string(error.what()) + " | " + error.hint();
  }
  return {};
}

/// Has no place for a system message, and wants user and assistant to alternate.
constexpr const char* kAlternating =
    "{% for m in messages %}{% if (m.role == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('must alternate') "
    "}}"
    "{% endif %}<{{ m.role }}>{{ m.content }}<end>{% endfor %}{% if add_generation_prompt %}<assistant>{% endif %}";
/// Says nothing about it, and loses it.
constexpr const char* kLosing =
    "{% for m in messages %}{% if m.role != 'system' %}<{{ m.role }}>{{ m.content }}<end>{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}<assistant>{% endif %}";

}  // namespace

TEST_CASE("Built-in templates write what their families' templates write in transformers, and learn the answers") {
  for (const Json& golden : chat_golden("builtin.jsonl")) {
    const ChatTemplate chat_template = builtin_template(golden.at("builtin").text());
    INFO(golden.at("builtin").text() << ", " << golden.at("name").text());
    if (const Json* refused = golden.find("refused")) {
      CHECK_THROWS_WITH(rendered(chat_template, golden),
                        Catch::Contains(refused->text()) || Catch::Contains("has no place"));
      continue;
    }
    CHECK(rendered(chat_template, golden) == golden.at("text").text());
    if (golden.find("add_generation_prompt") != nullptr) continue;
    const RenderedChat chat = chat_template.render(conversation_of(golden));
    CHECK(Json::array_of(parts_of(chat.text, chat.learnt)) == golden.at("learnt"));
  }
}

TEST_CASE("The built-in plain writes rows as the Python original does") {
  const ChatTemplate plain = builtin_template("plain");
  for (const Json& golden : chat_golden("plain.jsonl")) {
    Conversation conversation = conversation_of(golden);
    conversation.variables = Json::object({{"add_eos", golden.at("add_eos")}});
    if (golden.at("form") == Json("columns")) conversation.variables.set("from_columns", true);
    INFO(dump(golden));
    CHECK(plain.render(conversation, SystemFallback::error).text == golden.at("text").text());
  }
}

TEST_CASE("A system message without a place goes where system_fallback says, in training as at inference") {
  const Conversation conversation =
      chat_of({chat_message("system", "Be brief."), chat_message("user", "2+2?"), chat_message("assistant", "4")});
  const Conversation question = chat_of({chat_message("system", "Be brief."), chat_message("user", "2+2?")});
  for (const char* source : {kAlternating, kLosing}) {
    const ChatTemplate chat_template = template_of(source);
    CHECK(chat_template.render(conversation, SystemFallback::merge_user).text ==
          "<user>Be brief.\n\n2+2?<end><assistant>4<end>");
    CHECK(chat_template.render_prompt(question, SystemFallback::merge_user).text ==
          "<user>Be brief.\n\n2+2?<end><assistant>");
    CHECK(chat_template.render(conversation, SystemFallback::drop).text == "<user>2+2?<end><assistant>4<end>");
    CHECK(chat_template.render_prompt(question, SystemFallback::drop).text == "<user>2+2?<end><assistant>");
    CHECK_THAT(failure_of(chat_template, conversation, SystemFallback::error),
               Catch::Contains("message 1 of the conversation (system)") && Catch::Contains("system_fallback"));
  }
  const ChatTemplate losing = template_of(kLosing);
  const RenderedChat as_turn = losing.render(conversation, SystemFallback::assistant_turn);
  CHECK(as_turn.text == "<assistant>System: Be brief.<end><user>2+2?<end><assistant>4<end>");
  CHECK(parts_of(as_turn.text, as_turn.learnt) == std::vector<std::string>{"4<end>"});
  CHECK_THAT(failure_of(template_of(kAlternating), conversation, SystemFallback::assistant_turn),
             Catch::Contains("must alternate"));
}

TEST_CASE("The prompt at inference is the text before the answer in training") {
  const Json system = chat_message("system", "Be brief."), first = chat_message("user", "2+2?"),
             answer = chat_message("assistant", "4"), second = chat_message("user", "3+3?"),
             last = chat_message("assistant", "6");
  for (const std::string& name : builtin_chat_templates()) {
    INFO(name);
    const ChatTemplate chat_template = builtin_template(name);
    for (const SystemFallback fallback :
         {SystemFallback::merge_user, SystemFallback::assistant_turn, SystemFallback::drop}) {
      const RenderedChat chat = chat_template.render(chat_of({system, first, answer, second, last}), fallback);
      REQUIRE(chat.learnt.size() == 2);
      CHECK(chat_template.render_prompt(chat_of({system, first}), fallback).text ==
            chat.text.substr(0, chat.learnt[0].begin));
      CHECK(chat_template.render_prompt(chat_of({system, first, answer, second}), fallback).text ==
            chat.text.substr(0, chat.learnt[1].begin));
    }
  }
}

TEST_CASE("A system message that has a place keeps it, whatever system_fallback says") {
  const Conversation conversation =
      chat_of({chat_message("system", "Be brief."), chat_message("user", "2+2?"), chat_message("assistant", "4")});
  for (const SystemFallback fallback :
       {SystemFallback::merge_user, SystemFallback::assistant_turn, SystemFallback::drop, SystemFallback::error})
    CHECK(builtin_template("chatml").render(conversation, fallback).text ==
          "<|im_start|>system\nBe "
          "brief.<|im_end|>\n<|im_start|>user\n2+2?<|im_end|>\n<|im_start|>assistant\n4<|im_end|>\n");
}

TEST_CASE("A later system message that the template loses follows system_fallback, and joins the next user's turn") {
  const ChatTemplate first_only = template_of(
      "{% for m in messages %}{% if m.role != 'system' or loop.first %}<{{ m.role }}>{{ m.content }}<end>{% endif %}{% "
      "endfor %}");
  const Conversation conversation =
      chat_of({chat_message("system", "A"), chat_message("user", "1"), chat_message("assistant", "2"),
               chat_message("system", "B"), chat_message("user", "3"), chat_message("assistant", "4")});
  CHECK(first_only.render(conversation).text ==
        "<system>A<end><user>1<end><assistant>2<end><user>B\n\n3<end><assistant>4<end>");
  CHECK_THAT(failure_of(first_only, conversation, SystemFallback::error),
             Catch::Contains("message 4 of the conversation (system)"));
}

TEST_CASE("Messages that a template loses are refused, not left out in silence") {
  const Conversation conversation = chat_of({chat_message("user", "Weather?"), chat_message("assistant", "I look."),
                                             chat_message("tool", "21"), chat_message("assistant", "It is 21.")});
  CHECK_THAT(failure_of(builtin_template("phi"), conversation), Catch::Contains("no place for tools"));
  const ChatTemplate two_roles = template_of(
      "{% for m in messages %}{% if m.role in ['user', 'assistant'] %}<{{ m.role }}>{{ m.content }}<end>{% endif %}{% "
      "endfor %}");
  CHECK_THAT(failure_of(two_roles, conversation),
             Catch::Contains("message 3 of the conversation (tool)") && Catch::Contains("leaves out"));
}

TEST_CASE("Malformed conversations are refused with the number of the message") {
  const ChatTemplate chatml = builtin_template("chatml");
  const auto failure = [&](Json messages) {
    Conversation conversation;
    conversation.messages = std::move(messages);
    return failure_of(chatml, conversation);
  };
  CHECK_THAT(failure(Json("hello")), Catch::Contains("list of messages"));
  CHECK_THAT(failure(Json::array()), Catch::Contains("without messages"));
  CHECK_THAT(failure(Json::array({Json("hello")})), Catch::Contains("message 1") && Catch::Contains("not an object"));
  CHECK_THAT(failure(Json::array({chat_message("user", "a"), Json::object({{"content", "b"}})})),
             Catch::Contains("message 2") && Catch::Contains("no role"));
  CHECK_THAT(failure(Json::array({Json::object({{"role", "user"}, {"content", 5}})})), Catch::Contains("not text"));
}

TEST_CASE("Arguments of a call may come as JSON text or as an object, and content as null or empty") {
  const auto call = [](Json arguments, Json content) {
    Json function = Json::object({{"name", "get_weather"}, {"arguments", std::move(arguments)}});
    Json message = Json::object(
        {{"role", "assistant"},
         {"content", std::move(content)},
         {"tool_calls", Json::array({Json::object({{"type", "function"}, {"function", std::move(function)}})})}});
    return chat_of({chat_message("user", "Weather?"), std::move(message)});
  };
  const Json object = Json::object({{"city", "Zürich"}});
  const ChatTemplate chatml = builtin_template("chatml");
  const std::string expected =
      "<tool_call>\n{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Zürich\"}}\n</tool_call><|im_end|>";
  for (const Json& arguments : {object, Json("{\"city\": \"Zürich\"}")})
    for (const Json& content : {Json(), Json("")}) {
      const RenderedChat chat = chatml.render(call(arguments, content));
      CHECK(parts_of(chat.text, chat.learnt) == std::vector<std::string>{expected});
    }
  // Wants text, and says so by joining it to other text.
  const ChatTemplate joins = template_of(
      "{% for m in messages %}<{{ m.role }}>{{ m.content or '' }}{% for c in m.tool_calls or [] %}{{ c.function.name + "
      "' ' + c.function.arguments }}{% endfor %}<end>{% endfor %}");
  CHECK(joins.render(call(object, "")).text == "<user>Weather?<end><assistant>get_weather {\"city\": \"Zürich\"}<end>");
  // Would write an object as Python shows it.
  const ChatTemplate shows = template_of(
      "{% for m in messages %}<{{ m.role }}>{{ m.content or '' }}{% for c in m.tool_calls or [] %}{{ c.function.name "
      "}} {{ c.function.arguments }}{% endfor %}<end>{% endfor %}");
  CHECK(shows.render(call(object, "")).text == "<user>Weather?<end><assistant>get_weather {\"city\": \"Zürich\"}<end>");
  // Takes calls only beside a content that is null.
  const ChatTemplate wants_null = template_of(
      "{% for m in messages %}<{{ m.role }}>{% if m.content is none %}{{ m.tool_calls[0].function.name }}{% else %}{{ "
      "m.content }}{% endif %}<end>{% endfor %}");
  CHECK(wants_null.render(call(object, "")).text == "<user>Weather?<end><assistant>get_weather<end>");
  CHECK_THAT(failure_of(template_of(kLosing), call(object, "")), Catch::Contains("loses the call of \"get_weather\""));
}

TEST_CASE("Lists of text parts are one text, and reasoning answers to its three names") {
  const Json parts =
      Json::array({Json::object({{"type", "text"}, {"text", "2+"}}), Json::object({{"type", "text"}, {"text", "2?"}})});
  const Json question = Json::object({{"role", "user"}, {"content", parts}});
  CHECK(builtin_template("chatml").render(chat_of({question, chat_message("assistant", "4")})).text ==
        "<|im_start|>user\n2+2?<|im_end|>\n<|im_start|>assistant\n4<|im_end|>\n");
  const ChatTemplate reasons = template_of(
      "{% for m in messages %}<{{ m.role }}>{{ m.reasoning_content }}|{{ m.thinking }}|{{ m.content }}<end>{% endfor "
      "%}");
  for (const char* name : {"reasoning_content", "thinking", "reasoning"}) {
    const Json answer = Json::object({{"role", "assistant"}, {"content", "4"}, {name, "hmm"}});
    const RenderedChat chat = reasons.render(chat_of({chat_message("user", "q"), answer}));
    CHECK(parts_of(chat.text, chat.learnt) == std::vector<std::string>{"hmm|hmm|4<end>"});
  }
}

TEST_CASE("A turn of weight 0 is rendered and not learnt, with and without generation blocks") {
  const Json aside = Json::object({{"role", "assistant"}, {"content", "wrong"}, {"weight", 0}});
  const Conversation conversation =
      chat_of({chat_message("user", "a"), aside, chat_message("user", "b"), chat_message("assistant", "right")});
  const RenderedChat with_blocks = builtin_template("chatml").render(conversation);
  CHECK(parts_of(with_blocks.text, with_blocks.learnt) == std::vector<std::string>{"right<|im_end|>"});
  const RenderedChat without = template_of(kLosing).render(conversation);
  CHECK(parts_of(without.text, without.learnt) == std::vector<std::string>{"right<end>"});
}

TEST_CASE("model.chat_template: auto takes the tokenizer's template, then the family's format, then plain") {
  WordTokenizer tokenizer({"<s>", "</s>", "<|im_start|>", "<|im_end|>"});
  const auto chosen = [&](const std::string& setting, std::string_view model_type) {
    const ChatTemplate chat_template = ChatTemplate::choose(setting, tokenizer, model_type);
    return std::string(to_string(chat_template.origin())) + " " + chat_template.name();
  };
  CHECK(chosen("auto", "qwen2") == "family chatml");
  CHECK(chosen("auto", "llama") == "builtin plain");  // the format of Llama 3 without the tokens of Llama 3
  CHECK(chosen("auto", "mistral") == "family mistral");
  CHECK(chosen("auto", "gpt2") == "builtin plain");
  CHECK(chosen("auto", "") == "builtin plain");
  CHECK(chosen("llama3", "qwen2") == "builtin llama3");
  CHECK(chosen("phi3", "") == "builtin phi");
  tokenizer.config_to_change().chat_templates = {{"default", kLosing}};
  CHECK(chosen("auto", "qwen2") == "tokenizer tokenizer");
  CHECK(chosen("chatml", "qwen2") == "builtin chatml");
}

TEST_CASE("model.chat_template: a file is read, and what is neither file nor built-in is named with what is meant") {
  const WordTokenizer tokenizer({"<s>", "</s>"});
  const TemporaryDirectory folder;
  const std::filesystem::path path = folder.path() / "mine.jinja";
  write_file_durably(path, kLosing);
  const ChatTemplate mine = ChatTemplate::choose(path.string(), tokenizer, "");
  CHECK(mine.origin() == ChatTemplateOrigin::file);
  CHECK(mine.source() == kLosing);
  CHECK(mine.digest() != builtin_template("plain").digest());
  const auto failure = [&](const std::string& setting) {
    try {
      ChatTemplate::choose(setting, tokenizer, "");
    } catch (const ConfigError& error) {
      return std::string(error.what()) + " | " + error.hint();
    }
    return std::string();
  };
  CHECK_THAT(failure("chatlm"),
             Catch::Contains("Did you mean chatml?") &&
                 Catch::Contains("plain, chatml, llama3, mistral, gemma, phi, granite, deepseek, alpaca"));
  CHECK_THAT(failure("templates/none.jinja"), Catch::Contains("no file") && Catch::Contains("templates/none.jinja"));
  CHECK_THAT(failure(""), Catch::Contains("no built-in template"));
  write_file_durably(path, "{% for m in messages %}");
  CHECK_THROWS_AS(ChatTemplate::choose(path.string(), tokenizer, ""), JinjaError);
}

TEST_CASE("The template for tools is taken for conversations with tools") {
  WordTokenizer tokenizer({"<s>", "</s>"});
  tokenizer.config_to_change().chat_templates = {
      {"default", kLosing}, {"tool_use", "{% for m in messages %}[{{ m.role }}]{{ m.content }}[end]{% endfor %}"}};
  const ChatTemplate chat_template = ChatTemplate::choose("auto", tokenizer, "");
  Conversation conversation = chat_of({chat_message("user", "a"), chat_message("assistant", "b")});
  CHECK(chat_template.render(conversation).text == "<user>a<end><assistant>b<end>");
  conversation.tools = Json::array({Json::object({{"type", "function"}})});
  CHECK(chat_template.render(conversation).text == "[user]a[end][assistant]b[end]");
  tokenizer.config_to_change().chat_templates = {{"rag", kLosing}, {"tool_use", kLosing}};
  CHECK_THROWS_WITH(ChatTemplate::choose("auto", tokenizer, ""), Catch::Contains("rag, tool_use"));
}

TEST_CASE("Families by model_type") {
  const std::pair<const char*, const char*> table[] = {{"llama", "llama3"},
                                                       {"Llama", "llama3"},
                                                       {"mllama", "llama3"},
                                                       {"llama4", ""},
                                                       {"qwen2", "chatml"},
                                                       {"qwen3_moe", "chatml"},
                                                       {"yi", "chatml"},
                                                       {"mistral", "mistral"},
                                                       {"mixtral", "mistral"},
                                                       {"phi3", "phi"},
                                                       {"phimoe", "phi"},
                                                       {"gemma2", "gemma"},
                                                       {"gemma3_text", "gemma"},
                                                       {"gemma4", ""},
                                                       {"granitemoe", "granite"},
                                                       {"deepseek_v3", "deepseek"},
                                                       {"gpt2", ""},
                                                       {"dolphin", ""},
                                                       {"", ""}};
  for (const auto& [model_type, format] : table) {
    INFO(model_type);
    CHECK(chat_format_of_family(model_type) == format);
  }
}
