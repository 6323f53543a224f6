// The same tests on TypeORM 0.3. A file of its own, because setting a variable in an npm script
// works differently on Windows.
process.env.TYPEORM = "0.3"

// NestJS brings its own TypeORM; `npm run test:nestjs` tests other versions of both together.
module.exports = { ...require("./.mocharc.js"), ignore: ["test/nestjs/**"] }
