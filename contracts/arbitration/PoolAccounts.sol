// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {IUsdc} from "../escrow/IUsdc.sol";
import {IArbitrationPool} from "./IArbitrationPool.sol";
import {PoolWords} from "./PoolWords.sol";

/// @title The money in the pool that is not at stake, by owner
abstract contract PoolAccounts is IArbitrationPool, PoolWords {
    using SafeERC20 for IUsdc;

    IUsdc public immutable USDC;

    mapping(address owner => uint256 amount) private _balances;
    mapping(address owner => bool stands) private _standingAnswers;

    constructor(IUsdc usdc) {
        USDC = usdc;
    }

    /// @inheritdoc IArbitrationPool
    function deposit(address owner, uint256 amount) external {
        _deposited(owner, msg.sender, amount);
        USDC.safeTransferFrom(msg.sender, address(this), amount);
    }

    /// @inheritdoc IArbitrationPool
    function depositWithAuthorization(
        address owner,
        uint256 amount,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        bytes calldata signature
    ) external {
        _deposited(owner, owner, amount);
        USDC.receiveWithAuthorization(owner, address(this), amount, validAfter, validBefore, nonce, signature);
    }

    /// @inheritdoc IArbitrationPool
    function withdraw(address owner, uint256 amount, uint256 validUntil, bytes calldata signature) external {
        _requireWithdraw(owner, amount, validUntil, signature);
        _debit(owner, amount);
        emit Withdrawn(owner, amount);
        USDC.safeTransfer(owner, amount);
    }

    /// @inheritdoc IArbitrationPool
    function setStandingAnswer(address owner, bool stands, uint256 validUntil, bytes calldata signature) external {
        _requireSetStandingAnswer(owner, stands, validUntil, signature);
        _standingAnswers[owner] = stands;
        emit StandingAnswerSet(owner, stands);
    }

    /// @inheritdoc IArbitrationPool
    function balance(address owner) public view returns (uint256) {
        return _balances[owner];
    }

    /// @inheritdoc IArbitrationPool
    function standingAnswer(address owner) public view returns (bool) {
        return _standingAnswers[owner];
    }

    function _credit(address owner, uint256 amount) internal {
        _balances[owner] += amount;
    }

    function _debit(address owner, uint256 amount) internal {
        uint256 held = _balances[owner];
        if (held < amount) revert BalanceTooLow(owner, held, amount);
        unchecked {
            _balances[owner] = held - amount;
        }
    }

    function _deposited(address owner, address sender, uint256 amount) private {
        _credit(owner, amount);
        emit Deposited(owner, sender, amount);
    }
}
