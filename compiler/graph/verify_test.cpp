#include <functional>

#include <gtest/gtest.h>

#include "compiler/graph/build.h"

namespace netc::graph {
namespace {

IndexMap on(std::vector<std::uint32_t> axes) { return axes_map(axes); }

ScalarExpr copy_expression(bool is_converted = false) {
  ScalarExpr expr;
  expr.root = expr.pool.operand(0);
  if (is_converted) expr.root = expr.pool.unary(ScalarOp::kConvert, expr.root);
  return expr;
}

std::shared_ptr<Graph> counting_body() {
  auto body = std::make_shared<Graph>();
  Builder b(*body);
  ValueId carry = b.input("", {DType::kF32, {}}), slice = b.input("", {DType::kF32, {2}});
  ValueId next = b.binary(ScalarOp::kAdd, carry, b.constant(1));
  body->outputs = {{"carry", next}, {"twice", b.binary(ScalarOp::kAdd, slice, slice)}};
  return body;
}

// A good graph with a node of each kind; the ids that the faults below need.
struct Sample {
  Graph graph;
  ValueId pixels, step, weight, velocity, constant, iota, map, contract, sum, maximum, reshape, remap, concat,
      gather, scatter, random, scan, scan_result;

  Sample() {
    Builder b(graph);
    pixels = b.input("pixels", {DType::kU8, {4, 3}});
    step = b.input("step", {DType::kI32, {}});
    weight = b.parameter("weight", {3, 2}, {});
    velocity = b.state("velocity", {3, 2}, 0);
    constant = b.constant(0.5);
    iota = b.iota({4}, 0);
    map = b.map(copy_expression(true), {4, 3}, {pixels}, {on({0, 1})});
    contract = b.matmul(map, weight);
    sum = b.reduce_axes(ReduceKind::kSum, contract, std::array<std::uint32_t, 1>{1});
    maximum = b.reduce_axes(ReduceKind::kMax, contract, std::array<std::uint32_t, 1>{1});
    reshape = b.reshape(contract, {8});
    remap = b.remap(contract, on({1, 0}), {2, 4});
    concat = b.concat({contract, contract}, 1);
    gather = b.gather(contract, iota);
    scatter = b.scatter_add(iota, contract, 5);
    random = b.random(7, {4, 2}, step);
    std::vector<ValueId> results =
        b.scan({.body = counting_body(), .steps = 3, .carries = 1, .sequences = 1}, {constant, weight});
    scan_result = results[1];
    scan = graph[scan_result].operands[0];
    graph.outputs = {{"sum", sum}, {"maximum", maximum}};
    graph.updates = {{weight, velocity}};
  }

  Node& node(ValueId id) { return graph.nodes[index(id)]; }
  template <typename T>
  T& op(ValueId id) {
    return std::get<T>(node(id).op);
  }
};

TEST(VerifyTest, AGoodGraphHasNoFault) { EXPECT_EQ(verify(Sample().graph), ""); }

struct Fault {
  std::function<void(Sample&)> make;
  const char* message;
};

void expect_faults(const std::vector<Fault>& faults) {
  for (const Fault& fault : faults) {
    Sample sample;
    fault.make(sample);
    EXPECT_EQ(verify(sample.graph), fault.message);
  }
}

TEST(VerifyTest, NodesInGeneral) {
  expect_faults({
      {[](Sample& s) { s.node(s.map).operands[0] = s.contract; }, "%6: operand %7 does not come before it"},
      {[](Sample& s) { s.node(s.contract).operands.pop_back(); }, "%7: it has 1 operands instead of 2"},
      {[](Sample& s) { s.node(s.pixels).type.extents[0] = 0; }, "%0: it has the extent 0"},
      {[](Sample& s) { s.node(s.velocity).name = "weight"; },
       "%3: the name `weight` is taken by another leaf"},
      {[](Sample& s) { s.node(s.weight).operands = {s.pixels}; }, "%2: it has 1 operands instead of 0"},
      {[](Sample& s) { s.node(s.weight).type.dtype = DType::kI32; }, "%2: its values must be f32"},
      {[](Sample& s) { s.op<Constant>(s.constant).values = {1, 2}; }, "%4: it has 2 values for 1 elements"},
      {[](Sample& s) { s.op<Iota>(s.iota).axis = 1; }, "%5: axis 1 of a tensor of rank 1"},
      {[](Sample& s) { s.node(s.iota).type.dtype = DType::kF32; }, "%5: its values must be i32"},
  });
}

TEST(VerifyTest, Maps) {
  const char* kConvert = "%6: convert must stand above each integer operand, and nowhere else";
  expect_faults({
      {[](Sample& s) { s.op<Map>(s.map).operands.clear(); }, "%6: it has 0 maps for 1 operands"},
      {[](Sample& s) { s.op<Map>(s.map).operands[0].pop_back(); },
       "%6: the map of operand 0 has 1 entries for a tensor of rank 2"},
      {[](Sample& s) { s.op<Map>(s.map).operands[0] = on({0, 2}); },
       "%6: the map of operand 0 uses axis 2 of a domain of rank 2"},
      {[](Sample& s) { s.op<Map>(s.map).expr = copy_expression(); }, kConvert},
      {[](Sample& s) { s.node(s.map).operands[0] = s.weight; }, kConvert},
      {[](Sample& s) { s.op<Map>(s.map).expr.root = s.op<Map>(s.map).expr.pool.operand(3); },
       "%6: its expression names operand 3 of 1"},
      {[](Sample& s) { s.op<Map>(s.map).expr.root = 99; }, "%6: its expression has no root"},
      {[](Sample& s) { s.node(s.map).type.dtype = DType::kI32; }, "%6: its values must be f32"},
  });
}

TEST(VerifyTest, ContractionsAndReductions) {
  expect_faults({
      {[](Sample& s) { s.node(s.contract).operands[0] = s.pixels; }, "%7: operand 0 must be f32"},
      {[](Sample& s) { s.op<Contract>(s.contract).domain[2] = -1; }, "%7: its domain has the extent -1"},
      {[](Sample& s) { s.op<Contract>(s.contract).a = on({0}); },
       "%7: map a has 1 entries for a tensor of rank 2"},
      {[](Sample& s) { s.op<Contract>(s.contract).b = on({0, 3}); },
       "%7: map b uses axis 3 of a domain of rank 3"},
      {[](Sample& s) { s.op<Contract>(s.contract).result = {}; },
       "%7: the result map has 0 entries for a tensor of rank 2"},
      {[](Sample& s) { s.op<Reduce>(s.sum).operand = {}; },
       "%8: the operand map has 0 entries for a tensor of rank 2"},
      {[](Sample& s) { s.op<Reduce>(s.sum).result = on({4}); },
       "%8: the result map uses axis 4 of a domain of rank 2"},
      {[](Sample& s) { s.op<Reduce>(s.sum).kind = ReduceKind::kArgmax; }, "%8: its values must be i32"},
      {[](Sample& s) { s.op<Reduce>(s.maximum).result = {{.offset = 0, .terms = {{0, 1}, {1, 1}}}}; },
       "%9: the result map of a maximum uses one axis in each entry, and each axis once"},
  });
}

TEST(VerifyTest, Views) {
  expect_faults({
      {[](Sample& s) { s.node(s.reshape).type.extents = {7}; }, "%10: 8 elements become 7"},
      {[](Sample& s) { s.node(s.reshape).type.dtype = DType::kU8; }, "%10: its dtype must be its operand's"},
      {[](Sample& s) { s.op<Remap>(s.remap).operand = on({0}); },
       "%11: the operand map has 1 entries for a tensor of rank 2"},
      {[](Sample& s) { s.node(s.concat).operands.clear(); }, "%12: it has no operands"},
      {[](Sample& s) { s.op<Concat>(s.concat).axis = 2; }, "%12: axis 2 of a tensor of rank 2"},
      {[](Sample& s) { s.node(s.concat).operands[1] = s.weight; },
       "%12: operand 1 differs from the first by more than axis 1"},
      {[](Sample& s) { s.node(s.concat).operands[1] = s.sum; }, "%12: operand 1 has another rank"},
      {[](Sample& s) { s.node(s.concat).type.extents = {4, 5}; }, "%12: its extents must be [4, 4]"},
      {[](Sample& s) { s.node(s.gather).operands[1] = s.sum; }, "%13: the indices must be integers"},
      {[](Sample& s) { s.node(s.gather).operands[0] = s.constant; }, "%13: the table has no rows"},
      {[](Sample& s) { s.node(s.gather).type.extents = {4}; }, "%13: its extents must be [4, 2]"},
      {[](Sample& s) { s.node(s.scatter).operands[0] = s.sum; }, "%14: the indices must be integers"},
      {[](Sample& s) { s.node(s.scatter).operands[1] = s.weight; },
       "%14: the updates' first extents must be the indices'"},
      {[](Sample& s) { s.node(s.scatter).operands[1] = s.iota; }, "%14: operand 1 must be f32"},
      {[](Sample& s) { s.node(s.scatter).type.extents = {}; }, "%14: it has no rows"},
      {[](Sample& s) { s.node(s.random).operands[0] = s.constant; },
       "%15: its operand must be the step: i32 of rank 0"},
  });
}

TEST(VerifyTest, Scans) {
  auto change_body = [](Sample& s, auto change) {
    std::shared_ptr<Graph> body = counting_body();
    change(*body);
    s.op<Scan>(s.scan).body = body;
  };
  expect_faults({
      {[](Sample& s) { s.op<Scan>(s.scan).body = nullptr; }, "%16: it has no body"},
      {[](Sample& s) { s.op<Scan>(s.scan).steps = 0; }, "%16: it has no steps"},
      {[](Sample& s) { s.node(s.scan).operands.pop_back(); }, "%16: it has 1 operands instead of 2"},
      {[](Sample& s) { s.op<Scan>(s.scan).sequences = 4; },
       "%16: it has fewer operands than carries and sequences"},
      {[](Sample& s) { s.op<Scan>(s.scan).steps = 4; }, "%16: operand 1 does not fit the body's input"},
      {[](Sample& s) { s.node(s.scan).type.extents = {9}; }, "%16: its extents must be []"},
      {[=](Sample& s) { change_body(s, [](Graph& body) { body.nodes[3].operands[0] = ValueId{3}; }); },
       "%16: in the body: %3: operand %3 does not come before it"},
      {[=](Sample& s) { change_body(s, [](Graph& body) { Builder(body).parameter("w", {}, {}); }); },
       "%16: in the body: %5: a scan's body has no parameters and no state"},
      {[=](Sample& s) { change_body(s, [](Graph& body) { body.outputs.clear(); }); },
       "%16: the body has fewer outputs than carries"},
      {[=](Sample& s) { change_body(s, [](Graph& body) { body.outputs[0].value = ValueId{4}; }); },
       "%16: carry 0 changes its type"},
      {[](Sample& s) { s.node(s.scan_result).operands[0] = s.sum; }, "%18: its operand must be a scan"},
      {[](Sample& s) { s.op<ScanResult>(s.scan_result).number = 2; }, "%18: result 2 of a scan with 2"},
      {[](Sample& s) { s.op<ScanResult>(s.scan_result).number = 0; }, "%18: its extents must be []"},
      {[](Sample& s) { Builder(s.graph).reshape(s.scan, {}); },
       "%19: operand %16 is a scan, which only scan_result reads"},
  });
}

TEST(VerifyTest, OutputsAndUpdates) {
  expect_faults({
      {[](Sample& s) { s.graph.outputs[1].name = "sum"; },
       "output `sum`: the name is taken by another output"},
      {[](Sample& s) { s.graph.outputs[0].value = ValueId{99}; }, "output `sum`: there is no %99"},
      {[](Sample& s) { s.graph.outputs[0].value = s.scan; }, "output `sum`: %16 is a scan, not a value"},
      {[](Sample& s) { s.graph.updates[0].leaf = s.pixels; },
       "update of %0: it is neither a parameter nor state"},
      {[](Sample& s) { s.graph.updates.push_back({s.weight, s.weight}); },
       "update of %2: it has two next values"},
      {[](Sample& s) { s.graph.updates[0].next = s.sum; }, "update of %2: its next value has another type"},
      {[](Sample& s) { s.graph.updates[0].next = ValueId{99}; }, "update of %2: there is no %99"},
  });
}

}  // namespace
}  // namespace netc::graph
