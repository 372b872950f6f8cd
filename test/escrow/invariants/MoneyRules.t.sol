// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Handler} from "./Handler.sol";
import {OPS, Op} from "./Store.sol";
import {vm} from "./Vm.sol";

/// @notice Random sequences of calls, right and wrong ones, after each of which every money rule must hold.
contract MoneyRulesTest {
    /// The form in which the runner asks for the calls to draw from.
    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    /// One line for each sequence, for the tally of `scripts/soak.ts`.
    string private constant TALLY = "cache/invariants.csv";

    Handler private handler;

    function setUp() public {
        handler = new Handler();
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(handler);
    }

    function targetSelectors() external view returns (FuzzSelector[] memory targets) {
        targets = new FuzzSelector[](1);
        targets[0] = FuzzSelector(address(handler), _moves());
    }

    function invariant_moneyRulesHold() public view {
        handler.everyOutcomeIsAllowed();
        handler.jobsStandAsBooked();
        handler.rule1_heldCoversOwed();
        handler.rule2_paysOnceWhatWasFunded();
        handler.rule5_onlyWorkMovesReputation();
        handler.rules6And7_onlyTheBlockedWait();
        handler.rule8_feeOfWhatIsEarned();
        handler.limitsHold();
    }

    function afterInvariant() external {
        vm.writeLine(TALLY, _line());
        handler.rule3_strangerEndsEveryJob();
        invariant_moneyRulesHold();
        handler.rule7_allMoneyHasAnOwner();
        invariant_moneyRulesHold();
    }

    /// A handler that never gets anywhere would prove nothing.
    function test_everyMoveSucceedsSometimes() public {
        bytes4[] memory moves = _moves();
        for (uint256 seed = 0; seed < 4_000; ++seed) {
            uint256 random = uint256(keccak256(abi.encode(seed)));
            (bool done, ) = address(handler).call(abi.encodeWithSelector(moves[random % moves.length], random));
            require(done, "the handler reverted");
        }
        (uint256[OPS] memory succeeded, uint256[OPS] memory refused) = handler.tally();
        for (uint256 op = 0; op < OPS; ++op) {
            require(succeeded[op] > 0, string.concat("never succeeded: operation ", vm.toString(op)));
            bool canFail = op <= uint256(Op.Withdraw) || op == uint256(Op.Multicall) || op == uint256(Op.Starve);
            require(!canFail || refused[op] > 0, string.concat("never refused: operation ", vm.toString(op)));
        }
        invariant_moneyRulesHold();
    }

    function _line() private view returns (string memory line) {
        (uint256[OPS] memory succeeded, uint256[OPS] memory refused) = handler.tally();
        for (uint256 op = 0; op < OPS; ++op) {
            line = string.concat(line, op == 0 ? "" : ",", vm.toString(succeeded[op]), ":", vm.toString(refused[op]));
        }
    }

    function _moves() private pure returns (bytes4[] memory moves) {
        moves = new bytes4[](31);
        moves[0] = Handler.fund.selector;
        moves[1] = Handler.fundWithPermit.selector;
        moves[2] = Handler.fundWithAuthorization.selector;
        moves[3] = Handler.setSpendingLimit.selector;
        moves[4] = Handler.cancel.selector;
        moves[5] = Handler.accept.selector;
        moves[6] = Handler.reopen.selector;
        moves[7] = Handler.submit.selector;
        moves[8] = Handler.release.selector;
        moves[9] = Handler.reject.selector;
        moves[10] = Handler.dispute.selector;
        moves[11] = Handler.rule.selector;
        moves[12] = Handler.refund.selector;
        moves[13] = Handler.settle.selector;
        moves[14] = Handler.withdraw.selector;
        moves[15] = Handler.multicall.selector;
        moves[16] = Handler.tryMulticall.selector;
        moves[17] = Handler.starve.selector;
        moves[18] = Handler.replay.selector;
        moves[19] = Handler.donate.selector;
        moves[20] = Handler.issue.selector;
        moves[21] = Handler.toggleReputation.selector;
        moves[22] = Handler.wait.selector;
        // More often, so that more jobs get far.
        moves[23] = Handler.fund.selector;
        moves[24] = Handler.fundWithPermit.selector;
        moves[25] = Handler.fundWithAuthorization.selector;
        moves[26] = Handler.accept.selector;
        moves[27] = Handler.submit.selector;
        moves[28] = Handler.submit.selector;
        moves[29] = Handler.reject.selector;
        moves[30] = Handler.complete.selector;
    }
}
