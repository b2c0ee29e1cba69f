// read_yaml: bytes to characters, to tokens, to the plain copy, through yaml-cpp to the graph, to the tree. Each step
// throws Fault on bad input, which becomes the one error of the document here.
#include "forgelm/config/yaml.hpp"

#include <algorithm>

#include "forgelm/core/text.hpp"
#include "yaml_construct.hpp"

namespace forgelm::config {
namespace {

/// So many duplicate keys are told one by one.
constexpr std::size_t kMaxListedDuplicates = 100;

std::string source_line(const yaml::Text& text, const SourceSpot& spot) {
  return line_to_show(text.lines.at(static_cast<std::size_t>(spot.line) - 1));
}

Diagnostic to_diagnostic(const yaml::Fault& fault, const yaml::Text& text, const std::string& file_name) {
  Diagnostic out;
  out.severity = Severity::error;
  out.code = fault.code;
  out.spot = yaml::spot_of(text, file_name, fault.position, fault.length);
  out.message = fault.message;
  out.allowed = fault.allowed;
  out.hint = fault.hint;
  out.source_line = source_line(text, out.spot);
  return out;
}

Diagnostic to_diagnostic(const yaml::DuplicateKey& key, const yaml::Text& text, const std::string& file_name) {
  Diagnostic out;
  out.severity = Severity::warning;
  out.code = "duplicate_key";
  out.spot = yaml::spot_of(text, file_name, key.second.position, key.second.length);
  const SourceSpot first = yaml::spot_of(text, file_name, key.first.position, key.first.length);
  out.message = "the key " + yaml::excerpt(key.name) + " is given again; the value here is used, the one in line " +
                std::to_string(first.line) + ", column " + std::to_string(first.column) + " is not";
  out.hint = "remove one of the two";
  out.source_line = source_line(text, out.spot);
  return out;
}

void list_duplicates(const std::vector<yaml::DuplicateKey>& keys, const yaml::Text& text, const std::string& file_name,
                     std::vector<Diagnostic>& out) {
  const std::size_t num_listed = std::min(keys.size(), kMaxListedDuplicates);
  for (std::size_t i = 0; i < num_listed; ++i) out.push_back(to_diagnostic(keys[i], text, file_name));
  if (num_listed == keys.size()) return;
  Diagnostic rest = to_diagnostic(keys[num_listed], text, file_name);
  rest.message = cat("from here on, ", keys.size() - num_listed, " more keys are given again");
  out.push_back(std::move(rest));
}

Node read_tree(const yaml::Text& text, const YamlLimits& limits, std::vector<yaml::DuplicateKey>& duplicates) {
  if (text.fault) throw *text.fault;
  std::vector<yaml::Token> tokens = yaml::Scanner(text, limits).run();
  yaml::Graph graph = yaml::compose(yaml::copy_structure(tokens, text, limits));
  tokens = {};
  return yaml::construct(graph, text, limits, duplicates);
}

}  // namespace

Node::Node() = default;
Node::Node(const Node& other) = default;
Node::Node(Node&& other) noexcept = default;
Node& Node::operator=(const Node& other) = default;
Node& Node::operator=(Node&& other) noexcept = default;
Node::~Node() = default;

const Node* Node::find(std::string_view key) const noexcept {
  const auto found = std::find_if(entries.begin(), entries.end(), [&](const auto& entry) {
    return entry.first.kind == Kind::text && entry.first.text == key;
  });
  return found == entries.end() ? nullptr : &found->second;
}

std::string_view kind_name(Node::Kind kind) noexcept {
  switch (kind) {
    case Node::Kind::null: return "null";
    case Node::Kind::boolean: return "boolean";
    case Node::Kind::integer: return "integer";
    case Node::Kind::real: return "number";
    case Node::Kind::text: return "text";
    case Node::Kind::timestamp: return "date";
    case Node::Kind::binary: return "binary data";
    case Node::Kind::sequence: return "list";
    case Node::Kind::mapping: return "mapping";
    case Node::Kind::set: return "set";
  }
  return "";
}

YamlDocument read_yaml(std::string_view bytes, const std::string& file_name, const YamlLimits& limits) {
  YamlDocument document;
  yaml::Text text = yaml::decode(bytes, limits);
  std::vector<yaml::DuplicateKey> duplicates;
  try {
    document.root = read_tree(text, limits, duplicates);
  } catch (const yaml::Fault& fault) {
    document.root = Node{};
    document.diagnostics.push_back(to_diagnostic(fault, text, file_name));
  }
  list_duplicates(duplicates, text, file_name, document.diagnostics);
  document.lines = std::move(text.lines);
  return document;
}

}  // namespace forgelm::config
