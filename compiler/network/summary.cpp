#include <algorithm>

#include <fmt/format.h>

#include "compiler/network/network.h"
#include "runtime/report.h"

namespace netc {
namespace {

struct Row {
  std::string line, text, output;
  std::int64_t parameters = 0, flops = 0;
};

std::string or_blank(std::int64_t number, std::string text) { return number == 0 ? "" : text; }

std::string human(std::int64_t count) { return runtime::human_count(static_cast<double>(count)); }

std::string megabytes(std::int64_t bytes) {
  const double mega = static_cast<double>(bytes) / 1e6;
  return mega < 0.1 ? fmt::format("{:.0f} kB", mega * 1e3) : fmt::format("{:.1f} MB", mega);
}

std::vector<Row> rows(const Network& network, const Sources& sources) {
  std::vector<Row> rows{{.line = "input", .text = network.data.kind, .output = print(network.input)}};
  for (const Layer& layer : network.layers) {
    rows.push_back({.line = std::to_string(sources.position(layer.span.source, layer.span.begin).line),
                    .text = layer.text,
                    .output = print(layer.output),
                    .parameters = parameter_count(layer),
                    .flops = layer.def->flops(layer)});
  }
  return rows;
}

}  // namespace

std::int64_t parameter_count(const Layer& layer) {
  std::int64_t count = layer.def->parameters_count(layer);
  if (layer.activation)
    count += static_cast<std::int64_t>(layer.activation->learned.size()) * layer.output.extents.back();
  return count;
}

std::string summary(const Network& network, const Sources& sources, std::int64_t arena_bytes) {
  const std::vector<Row> table = rows(network, sources);
  std::size_t left = network.name.size(), output = 6;
  std::int64_t parameters = 0, flops = 0;
  for (const Row& row : table) {
    left = std::max(left, 9 + row.text.size());
    output = std::max(output, row.output.size());
    parameters += row.parameters;
    flops += row.flops;
  }
  std::string text =
      fmt::format("{:{}}    {:{}}    parameters      FLOP a sample\n", network.name, left, "output", output);
  for (const Row& row : table) {
    std::string line =
        fmt::format("{:<9}{:{}}    {:{}}    {:>10}      {:>13}", row.line, row.text, left - 9, row.output,
                    output, or_blank(row.parameters, runtime::with_commas(row.parameters)),
                    or_blank(row.flops, human(row.flops)));
    text += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
  }
  text += fmt::format("{:{}}    {:{}}    {:>10}      {:>13}", "", left, "", output,
                      runtime::with_commas(parameters), human(flops));
  if (arena_bytes > 0)
    text += fmt::format("     a step of {} needs {}", network.train.samples_a_step(), megabytes(arena_bytes));
  return text + "\n";
}

}  // namespace netc
