// ONNX Runtime's prediction times, called from Node.js: bench_onnx.js MODEL INPUTS BATCH THREADS
const ort = require("onnxruntime-node");

const seconds = 1; // of steps to time

async function main(model, inputs, batch, threads) {
  const session = await ort.InferenceSession.create(model, {
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    graphOptimizationLevel: "all",
  });
  const feeds = Array.from({ length: 32 }, () => {
    const values = Float32Array.from({ length: batch * inputs }, Math.random);
    return { x: new ort.Tensor("float32", values, [batch, inputs]) };
  });
  const times = [];
  const now = () => Number(process.hrtime.bigint()) / 1000;
  for (const start = now(); now() - start < seconds * 1e6; ) {
    const before = now();
    await session.run(feeds[times.length % feeds.length]);
    times.push(now() - before);
  }
  times.sort((a, b) => a - b);
  const at = (share) => times[Math.floor(times.length * share)];
  console.log(JSON.stringify({ median_us: at(0.5), p10_us: at(0.1), first_step_s: null }));
}

main(process.argv[2], ...process.argv.slice(3).map(Number));
