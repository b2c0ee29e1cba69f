// The YAML twin of the options for conversations.
#include "forgelm/config/yaml.hpp"
#include "forgelm/core/error.hpp"
#include "forgelm/core/files.hpp"
#include "forgelm/core/text.hpp"
#include "forgelm/ingest/conversation.hpp"

namespace forgelm::ingest {
namespace {

using config::Node;

class Reader {
 public:
  Reader(std::string file, ConversationOptions& options) : file_(std::move(file)), options_(options) {}

  void read(const Node& root) {
    const Node* const ingest = root.find("ingest");
    if (ingest == nullptr) fail(root, "there is no `ingest` in it");
    for (const auto& [key, value] : mapping(*ingest, "ingest")) {
      const std::string& name = key.text;
      if (name == "participants") read_participants(value);
      else if (name == "use_regex") options_.uses_regex = boolean(value, name);
      else if (name == "case_sensitive") options_.is_case_sensitive = boolean(value, name);
      else if (name == "role_preset") read_presets(value);
      else if (name == "system_prompt") options_.system_prompt = text(value, name);
      else if (name == "separator") options_.separator = text(value, name);
      else if (name == "quality") read_quality(value);
      else
        fail(key, cat("there is no such key in ingest: ", name,
                      "; there are participants, use_regex, case_sensitive, role_preset, system_prompt, separator "
                      "and quality"));
    }
  }

  [[noreturn]] void fail(const Node& node, const std::string& message) const {
    throw ConfigError(cat(file_, ":", node.line, ":", node.column, ": ", message));
  }

 private:
  const std::vector<std::pair<Node, Node>>& mapping(const Node& node, std::string_view name) const {
    if (node.kind != Node::Kind::mapping) fail(node, cat(name, " must be a mapping"));
    return node.entries;
  }
  bool boolean(const Node& node, std::string_view name) const {
    if (node.kind != Node::Kind::boolean) fail(node, cat(name, " must be true or false"));
    return node.boolean;
  }
  const std::string& text(const Node& node, std::string_view name) const {
    if (node.kind != Node::Kind::text) fail(node, cat(name, " must be a text"));
    return node.text;
  }

  void read_participants(const Node& node) {
    for (const auto& [key, marks] : mapping(node, "participants")) {
      const auto role = from_text<Role>(key.text);
      if (!role) fail(key, cat("there is no role ", quote(key.text), "; roles are ", join(choices<Role>(), ", ")));
      if (marks.kind == Node::Kind::sequence)
        for (const Node& mark : marks.items) options_.participants.push_back({*role, text(mark, key.text)});
      else options_.participants.push_back({*role, text(marks, key.text)});
    }
  }

  void read_preset(const Node& node) {
    const auto preset = from_text<RolePreset>(text(node, "role_preset"));
    if (!preset)
      fail(node, cat("there is no preset ", quote(node.text), "; there are ", join(choices<RolePreset>(), ", ")));
    options_.presets.push_back(*preset);
  }

  void read_presets(const Node& node) {
    if (node.kind != Node::Kind::sequence) return read_preset(node);
    for (const Node& preset : node.items) read_preset(preset);
  }

  void read_quality(const Node& node) {
    ConversationQuality& quality = options_.quality;
    for (const auto& [key, value] : mapping(node, "quality")) {
      const std::string& name = key.text;
      if (name == "requires_answer") {
        quality.requires_answer = boolean(value, name);
        continue;
      }
      std::int64_t* const number = name == "min_turns"        ? &quality.min_turns
                                   : name == "max_turns"      ? &quality.max_turns
                                   : name == "min_turn_chars" ? &quality.min_turn_chars
                                   : name == "max_turn_chars" ? &quality.max_turn_chars
                                                              : nullptr;
      if (number == nullptr)
        fail(key, cat("there is no such key in quality: ", name,
                      "; there are min_turns, max_turns, min_turn_chars, max_turn_chars and requires_answer"));
      if (value.kind != Node::Kind::integer || !value.fits || value.integer < 0)
        fail(value, cat(name, " must be a whole number that is not negative"));
      *number = value.integer;
    }
  }

  std::string file_;
  ConversationOptions& options_;
};

}  // namespace

void read_conversation_options(const std::filesystem::path& path, ConversationOptions& options) {
  const config::YamlDocument document = config::read_yaml(read_file(path), path.native());
  for (const Diagnostic& diagnostic : document.diagnostics)
    if (diagnostic.severity == Severity::error) throw ConfigError(document.diagnostics);
  Reader(path.native(), options).read(document.root);
}

}  // namespace forgelm::ingest
